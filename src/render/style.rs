//! How text is shown.

use super::paint::Paint;
use super::wrap::USUAL_WIDTH;

/// How text is shown.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Colours or none.
    pub paint: Paint,
    /// The number of columns after which text is wrapped. Text of files is never wrapped.
    pub width: usize,
    /// How much of a long list is shown.
    pub extent: Extent,
}

/// How much of a long list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// Its beginning, and how many more there are.
    #[default]
    Folded,
    /// All of it.
    Full,
}

impl Extent {
    /// Returns how many items of a list are shown if it is folded after so many.
    pub(super) const fn most(self, folded: usize) -> usize {
        match self {
            Self::Folded => folded,
            Self::Full => usize::MAX,
        }
    }
}

impl Default for Style {
    fn default() -> Self {
        Self { paint: Paint::Plain, width: USUAL_WIDTH, extent: Extent::Folded }
    }
}
