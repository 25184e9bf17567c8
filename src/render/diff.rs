//! What differs between two texts, line by line.

use similar::{Algorithm, ChangeTag, DiffOp, capture_diff_slices, group_diff_ops};

/// The lines of two texts, and what turns the first into the second.
struct LineDiff<'t> {
    before: Vec<&'t str>,
    after: Vec<&'t str>,
    ops: Vec<DiffOp>,
}

impl<'t> LineDiff<'t> {
    fn of(before: &'t str, after: &'t str) -> Self {
        let lines = |text: &'t str| text.split_terminator('\n').collect::<Vec<_>>();
        let (before, after) = (lines(before), lines(after));
        let ops = capture_diff_slices(Algorithm::Myers, &before, &after);
        Self { before, after, ops }
    }

    fn changes(&self, op: &DiffOp) -> impl Iterator<Item = (ChangeTag, &'t str)> {
        op.iter_changes(&self.before, &self.after).map(|change| (change.tag(), change.value()))
    }
}

/// Returns the lines of both texts in the order of a diff, without their ends.
pub(super) fn line_changes<'t>(before: &'t str, after: &'t str) -> Vec<(ChangeTag, &'t str)> {
    let diff = LineDiff::of(before, after);
    diff.ops.iter().flat_map(|op| diff.changes(op)).collect()
}

/// Returns a unified diff without the names of files, with some equal lines around what differs.

pub(crate) fn unified(before: &str, after: &str, around: usize) -> String {
    let diff = LineDiff::of(before, after);
    let mut text = String::new();
    for hunk in group_diff_ops(diff.ops.clone(), around) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { continue };
        let old = first.old_range().start..last.old_range().end;
        let new = first.new_range().start..last.new_range().end;
        text.push_str(&format!("@@ -{},{} +{},{} @@\n", old.start + 1, old.len(), new.start + 1, new.len()));
        for (tag, line) in hunk.iter().flat_map(|op| diff.changes(op)) {
            text.push_str(&format!("{tag}{line}\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn a_unified_diff_leaves_out_what_is_far_from_a_change() {
        let before: String = (1..=20).map(|line| format!("line {line}\n")).collect();
        let after = before.replace("line 3\n", "").replace("line 18\n", "line eighteen\n");
        assert_snapshot!(unified(&before, &after, 1), @"");
    }

    #[test]
    fn equal_texts_and_none_differ_in_nothing() {
        assert_eq!(unified("a\nb", "a\nb\n", 2), "");
        assert_eq!(line_changes("", ""), []);
        assert_eq!(line_changes("", "a\n"), [(ChangeTag::Insert, "a")]);
    }
}
