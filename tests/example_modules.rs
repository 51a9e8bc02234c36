//! The examples of the library, as modules of a test.

/// Includes examples as modules, each of which a test calls in part.
macro_rules! examples {
    ($($name:ident = $path:literal;)*) => {$(
        #[path = $path]
        #[expect(dead_code, reason = "the rest is for `cargo run --example`, or for another test")]
        mod $name;
    )*};
}
