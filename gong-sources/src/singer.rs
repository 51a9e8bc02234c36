//! Singer taps as a source.
