//! Pages and order of lists.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::query::QueryParameters;
use super::reply::{ArgumentReason, Handled, Reply};
use super::table::{Row, Table};

/// Which page of a list is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageRequest {
    skip: usize,
    size: usize,
}

impl PageRequest {
    /// Reads `page` (1 to 10 000) and `page_size` (1 to 100).
    pub(super) fn read(query: &mut QueryParameters, default_size: usize) -> Self {
        let mut within = |key: &str, default: usize, max: usize| {
            let Some(number) = query.number(key) else { return default };
            match usize::try_from(number) {
                Ok(number) if (1..=max).contains(&number) => number,
                _ => {
                    query.refuse(
                        key,
                        ArgumentReason::Constraint,
                        format!("value must be inside range [1, {max}]"),
                    );
                    default
                }
            }
        };
        let page = within("page", 1, 10_000);
        let size = within("page_size", default_size, 100);
        Self { skip: (page - 1) * size, size }
    }

    /// Returns how many items a page has, for lists that go on by a token.
    pub(super) fn size(self) -> usize {
        self.size
    }

    /// Returns what of `items` is on the page, and how many there are in all.
    fn cut<'a, T>(self, items: impl Iterator<Item = &'a T>) -> (Vec<&'a T>, usize) {
        let mut total = 0;
        let mut kept = Vec::new();
        for item in items {
            if total >= self.skip && kept.len() < self.size {
                kept.push(item);
            }
            total += 1;
        }
        (kept, total)
    }

    /// Answers with the page of items that stand in their order already.
    pub(super) fn of<'a, T: 'a>(
        self,
        items: &'static str,
        all: impl Iterator<Item = &'a T>,
        json: impl Fn(&T) -> Value,
    ) -> Reply {
        let (kept, total) = self.cut(all);
        body(items, Total::Last, kept.into_iter().map(json).collect(), total)
    }
}

/// Where `total_count` stands in the answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Total {
    First,
    Last,
}

fn body(items: &'static str, place: Total, list: Vec<Value>, total: usize) -> Reply {
    let mut body = Map::new();
    if place == Total::First {
        body.insert("total_count".into(), total.into());
    }
    body.insert(items.into(), Value::Array(list));
    body.insert("total_count".into(), total.into());
    Reply::ok(Value::Object(body))
}

/// What a list is sorted by. What is not there comes last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SortKey {
    Time(Timestamp),
    Text(String),
    Nothing,
}

impl SortKey {
    /// Sorts text without regard to case (recorded: list-iam-policies-basic).
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_lowercase())
    }

    pub(super) fn time(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Nothing, Self::Time)
    }
}

/// What an object is sorted by.
type KeyOf<T> = fn(&T) -> SortKey;

/// How the list of one kind is asked for and answered.
pub(super) struct Listing<T: 'static> {
    /// The key of the list in the answer.
    pub(super) items: &'static str,
    pub(super) total: Total,
    /// The page size where none is asked for.
    pub(super) size: usize,
    /// The `order_by` where none is given.
    pub(super) default: &'static str,
    /// What `order_by` knows besides `created_at`, without `_asc` and `_desc`.
    pub(super) orders: &'static [(&'static str, KeyOf<T>)],
}

impl<T: Row> Listing<T> {
    /// Answers with one page of the rows that `keep` lets through.
    pub(super) fn answer(
        &self,
        query: &mut QueryParameters,
        table: &Table<T>,
        keep: impl Fn(&T) -> bool,
        json: impl Fn(&T) -> Value,
    ) -> Handled {
        let page = PageRequest::read(query, self.size);
        let order = self.order(query);
        query.done()?;
        let rows = table.iter().filter(|row| keep(row));
        let (kept, total) = match order {
            (None, Direction::Ascending) => page.cut(rows),
            (None, Direction::Descending) => {
                page.cut(sorted(rows.collect(), made, Direction::Descending).into_iter())
            }
            (Some(key), direction) => page.cut(sorted(rows.collect(), key, direction).into_iter()),
        };
        Ok(body(self.items, self.total, kept.into_iter().map(json).collect(), total))
    }

    /// Reads `order_by`: what to sort by, `None` for the order of creation.
    fn order(&self, query: &mut QueryParameters) -> (Option<KeyOf<T>>, Direction) {
        let asked = query.text("order_by").unwrap_or_else(|| self.default.to_owned());
        let split = asked
            .strip_suffix("_asc")
            .map(|name| (name, Direction::Ascending))
            .or_else(|| asked.strip_suffix("_desc").map(|name| (name, Direction::Descending)));
        match split {
            Some(("created_at", direction)) => return (None, direction),
            Some((name, direction)) => {
                if let Some((_, key)) = self.orders.iter().find(|(known, _)| *known == name) {
                    return (Some(*key), direction);
                }
            }
            None => {}
        }
        query.refuse("order_by", ArgumentReason::Format, "value must be a known order");
        (None, Direction::Ascending)
    }
}

fn made<T: Row>(row: &T) -> SortKey {
    SortKey::Time(row.created_at())
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Direction {
    Ascending,
    Descending,
}

/// Sorts rows; ties are broken by id, upwards in either direction.
fn sorted<T: Row>(mut rows: Vec<&T>, key: fn(&T) -> SortKey, direction: Direction) -> Vec<&T> {
    rows.sort_by(|a, b| a.id().cmp(b.id()));
    match direction {
        Direction::Ascending => rows.sort_by_cached_key(|row| key(row)),
        Direction::Descending => rows.sort_by_cached_key(|row| std::cmp::Reverse(key(row))),
    }
    rows
}
