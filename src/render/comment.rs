//! Markdown for a comment, cut to the limit of forges.

use std::borrow::Cow;

/// The maximum number of characters of a comment. Fact: GitHub allows 65,536, GitLab and Gitea allow more.
pub(super) const COMMENT_MOST: usize = 65_000;

/// Characters reserved for closing open markup and for the note about the cut.
const RESERVE: usize = 300;

/// Returns Markdown cut to so many characters: whole lines, all markup closed, and a note about the cut.
pub(super) fn fit(markdown: &str, most: usize) -> Cow<'_, str> {
    if markdown.chars().count() <= most {
        return Cow::Borrowed(markdown);
    }
    let (mut text, mut used, mut open) = (String::new(), 0, OpenBlocks::default());
    let lines: Vec<&str> = markdown.split_inclusive('\n').collect();
    let fits = |line: &&&str| {
        used += line.chars().count();
        used + RESERVE <= most
    };
    let kept: Vec<&&str> = lines.iter().take_while(fits).collect();
    for line in &kept {
        open.note(line);
        text.push_str(line);
    }
    let cut = lines.len() - kept.len();
    text.push_str(&open.closing());
    text.push_str(&format!(
        "\n**{cut} more lines are not shown, because the length of comments is limited.** `-o text=FILE --full` writes all of them.\n"
    ));
    Cow::Owned(text)
}

/// Markup that is open at the end of a line.
#[derive(Debug, Default)]
struct OpenBlocks {
    /// The sign that ends the block of code.
    fence: Option<String>,
    details: usize,
}

impl OpenBlocks {
    fn note(&mut self, line: &str) {
        let line = line.trim_end();
        let ticks = line.len() - line.trim_start_matches('`').len();
        match &self.fence {
            Some(fence) => {
                if line == fence {
                    self.fence = None;
                }
            }
            None if ticks >= 3 => self.fence = Some("`".repeat(ticks)),
            None => {
                self.details += line.matches("<details>").count();
                self.details -= line.matches("</details>").count().min(self.details);
            }
        }
    }

    fn closing(&self) -> String {
        let fence = self.fence.iter().map(|fence| format!("{fence}\n"));
        let details = std::iter::repeat_n("\n</details>\n".to_owned(), self.details);
        fence.chain(details).collect()
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn what_fits_stays_as_it_is() {
        assert_eq!(fit("| a |\n", 6), "| a |\n");
    }

    #[test]
    fn what_is_open_is_closed_and_what_is_cut_is_counted() {
        let details = "<details><summary>s</summary>\n\n````text\n```\n";
        let long = format!("{details}{}````\n\n</details>\n", "a line\n".repeat(100));
        let shown = fit(&long, 360);
        assert!(shown.chars().count() <= 360);
        assert_snapshot!(shown, @"
        <details><summary>s</summary>

        ````text
        ```
        a line
        a line
        ````

        </details>

        **101 more lines are not shown, because the length of comments is limited.** `-o text=FILE --full` writes all of them.
        ");
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_cut_is_short_and_closed(lines in proptest::collection::vec("(```|````|<details>|</details>|[a-é ]{0,40})", 0..80)) {
            let shown = fit(&lines.join("\n"), 500).into_owned();
            proptest::prop_assert!(shown.chars().count() <= 500);
        }
    }
}
