//! Predicts the next name: programs write the fields of most records in the same order.

/// Predicts the next name of a line from the previous one.
#[derive(Debug)]
pub(super) struct OrderPredictor {
    /// For each name, the one that follows it; the first element is for the beginning.
    successors: Vec<Successor>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Successor {
    slot: u16,
    /// How reliable the prediction was recently.
    trust: u8,
}

impl Successor {
    /// From here on, a prediction is tried. A wrong one costs more than a right one saves.
    const TRIED: u8 = 2;
}

impl OrderPredictor {
    pub(super) fn new(names: usize) -> Self {
        let mut order = Self {
            successors: Vec::new(),
        };
        order.resize(names);
        order
    }

    /// Makes room for more names.
    pub(super) fn resize(&mut self, names: usize) {
        self.successors.resize(names + 1, Successor::default());
    }

    /// The name that should follow, if that is worth trying. `previous` is one more than the name
    /// before, or 0.
    #[inline]
    pub(super) fn predicted(&self, previous: usize) -> Option<usize> {
        let successor = self.successors.get(previous)?;
        (successor.trust >= Successor::TRIED).then_some(usize::from(successor.slot))
    }

    /// Learns which name followed, where none was predicted or another.
    #[inline]
    pub(super) fn learn(&mut self, previous: usize, slot: usize) {
        let Some(known) = self.successors.get_mut(previous) else {
            return;
        };
        let slot = u16::try_from(slot).unwrap_or_default();
        let is_same = known.slot == slot;
        let trust = if is_same {
            known.trust + 1
        } else {
            known.trust.saturating_sub(1)
        };
        known.slot = if trust == 0 { slot } else { known.slot };
        known.trust = trust.min(Successor::TRIED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_predicted_while_most_lines_agree() {
        let mut order = OrderPredictor::new(4);
        assert_eq!(order.predicted(0), None);
        for _ in 0..3 {
            order.learn(0, 2);
        }
        assert_eq!(order.predicted(0), Some(2));
        order.learn(0, 3);
        assert_eq!(order.predicted(0), None);
        order.learn(0, 2);
        assert_eq!(order.predicted(0), Some(2));
        for _ in 0..4 {
            order.learn(0, 3);
        }
        assert_eq!(order.predicted(0), Some(3));
        assert_eq!(order.predicted(9), None);
    }
}
