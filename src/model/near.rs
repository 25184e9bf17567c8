/// Returns the candidate that was probably meant by `word`, or `None` when none is close.
///
/// Close is: the same but for case, or at most a fourth of the letters, and at most three, wrong, left out, put in or
/// swapped with the next one. Of several equally close ones the first wins.
pub fn near<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = word.chars().take(MOST).flat_map(char::to_lowercase).collect();
    let allowed = (wanted.len() / 4).clamp(1, 3);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let letters: Vec<char> = candidate.chars().take(MOST).flat_map(char::to_lowercase).collect();
        let most = best.map_or(allowed, |(distance, _)| distance.saturating_sub(1));
        if candidate == word || letters.len().abs_diff(wanted.len()) > most {
            continue;
        }
        let distance = distance(&wanted, &letters);
        if distance <= most && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Longer words are compared by their beginnings.
const MOST: usize = 80;

/// Returns how many letters have to be changed, put in, left out, or swapped with the next one.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, y) in b.iter().enumerate() {
            let change = last[j] + usize::from(x != y);
            row[j + 1] = change.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                row[j + 1] = row[j + 1].min(before[j - 1] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn the_nearest_name_is_the_one_with_the_fewest_slips() {
        let names = ["developers", "develop", "ops"];
        assert_eq!(near("developer", names), Some("developers"));
        assert_eq!(near("devlopers", names), Some("developers"));
        assert_eq!(near("DEVELOPERS", names), Some("developers"));
        assert_eq!(near("osp", names), Some("ops"));
        assert_eq!(near("finance", names), None);
    }

    #[test]
    fn a_word_is_not_near_itself() {
        assert_eq!(near("ops", ["ops"]), None);
    }
}
