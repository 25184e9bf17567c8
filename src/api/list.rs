//! Lists: page after page as a stream, or the whole at once.
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::stream::{self, BoxStream, Stream, StreamExt, TryStreamExt};
use reqwest::Method;
use serde::Deserializer;
use serde::de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, Visitor};

use super::client::Client;
use super::error::{Error, ErrorKind};
use super::http::Call;

/// How many items a page is asked to hold: the most that the API gives. Its own default is 20.
const PAGE: u64 = 100;
/// The longest list that can exist: 10 000 pages. Source: the API's bound on `page`.
const LONGEST_LIST: u64 = 10_000 * PAGE;
/// How often a list that changes under way is read again.
const READ_AGAIN: u32 = 3;

/// An item of a list: under which key the list holds it, and what tells it from the others.
pub trait Listed: DeserializeOwned + Send + 'static {
    /// The key of the list's answer that holds the items.
    const KEY: &'static str;

    /// Returns what is unique among the items of a list.
    fn id(&self) -> &str;
}

/// Makes a type the item of a list, by the key that holds it there and the field that tells it from the others.
macro_rules! listed {
    ($item:ty, $key:literal, $id:ident) => {
        impl $crate::api::list::Listed for $item {
            const KEY: &'static str = $key;

            fn id(&self) -> &str {
                self.$id.as_str()
            }
        }
    };
}
pub(super) use listed;

/// The items of a list, over all its pages.
///
/// As a [`Stream`] it asks for a page when the items of the one before are used up. It ends in an error when the list
/// turns out to have changed on the way, so the items before that are not the whole. [`List::all`] gives either the
/// whole or an error, and asks for the later pages all at once.
///
/// Fact: the API has neither a cursor nor a snapshot, so a write between two pages can move items from one to the other.
#[must_use = "a list asks for nothing until it is read"]
pub struct List<T> {
    source: PageSource<T>,
    stream: Option<BoxStream<'static, Result<T, Error>>>,
}

/// Where the pages come from.
struct PageSource<T> {
    client: Client,
    path: Cow<'static, str>,
    query: Vec<(&'static str, String)>,
    items: PhantomData<fn() -> T>,
}

/// One page.
struct ListPage<T> {
    items: Vec<T>,
    total: u64,
}

/// Why a reading of the whole list is not the whole list.
enum Trouble {
    Failed(Error),
    Changed(&'static str),
}

/// An item as the API serves it, with every field, known or not.
pub struct Raw<T> {
    value: serde_json::Value,
    id: String,
    of: PhantomData<fn() -> T>,
}

impl<T> Raw<T> {
    /// Returns the item.
    #[must_use]
    pub fn into_value(self) -> serde_json::Value {
        self.value
    }
}

impl<'de, T> serde::Deserialize<'de> for Raw<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let text = |key: &str| value.get(key).and_then(serde_json::Value::as_str);
        let id = text("access_key").or_else(|| text("id")).or_else(|| text("name"));
        let id = id.ok_or_else(|| D::Error::missing_field("id"))?.to_owned();
        Ok(Self { value, id, of: PhantomData })
    }
}

impl<T: Listed> Listed for Raw<T> {
    const KEY: &'static str = T::KEY;

    fn id(&self) -> &str {
        &self.id
    }
}

impl<T: Listed> List<T> {
    /// Returns the same list, of items as the API serves them.
    pub fn raw(self) -> List<Raw<T>> {
        let PageSource { client, path, query, items: _ } = self.source;
        List { source: PageSource { client, path, query, items: PhantomData }, stream: None }
    }

    /// Makes a list of what `path` and `query` name; the query must not set a page.
    pub(super) fn new(
        client: &Client,
        path: impl Into<Cow<'static, str>>,
        query: Vec<(&'static str, String)>,
    ) -> Self {
        let source = PageSource { client: client.clone(), path: path.into(), query, items: PhantomData };
        Self { source, stream: None }
    }

    /// Reads the whole list, also what a use as a stream has given already, in the list's order.
    ///
    /// The first page tells how many there are; then the others are asked for, as many at once as the client may. A list
    /// that changes meanwhile (another count, an item twice, fewer or more items than counted) is read again, up to
    /// three times.
    ///
    /// # Errors
    /// [`ErrorKind::ListChanged`] when it was different each time, [`ErrorKind::TooLarge`] when it claims more items than
    /// can exist; else what any request can meet. It is never a part of the list.
    pub async fn all(self) -> Result<Vec<T>, Error> {
        let mut why = "";
        for _ in 0..=READ_AGAIN {
            match self.source.read().await {
                Ok(items) => return Ok(items),
                Err(Trouble::Failed(error)) => return Err(error),
                Err(Trouble::Changed(what)) => why = what,
            }
            tracing::debug!(path = &*self.source.path, why, "list changed while it was read");
        }
        Err(self.source.error(ErrorKind::ListChanged).with_note(why))
    }
}

impl<T: Listed> PageSource<T> {
    /// Reads every page once.
    async fn read(&self) -> Result<Vec<T>, Trouble> {
        let first = self.page(1).await.map_err(Trouble::Failed)?;
        let mut whole = Whole::of(&first);
        let pages = first.total.div_ceil(PAGE);
        let mut items = whole.take(first, 1)?;
        let mut later = stream::iter(2..=pages)
            .map(|number| async move { (number, self.page(number).await) })
            .buffered(self.client.parallelism());
        while let Some((number, page)) = later.next().await {
            items.extend(whole.take(page.map_err(Trouble::Failed)?, number)?);
        }
        Ok(items)
    }

    /// Reads one page, from 1.
    async fn page(&self, number: u64) -> Result<ListPage<T>, Error> {
        let mut query = self.query.clone();
        query.push(("page", number.to_string()));
        query.push(("page_size", PAGE.to_string()));
        let call = Call::get(self.path.as_ref()).query(query);
        let page = self.client.send_read(&call, |body| read_page::<T>(body)).await?;
        if page.total > LONGEST_LIST {
            let note = format!("a list of {} items, where {LONGEST_LIST} is the most", page.total);
            return Err(self.error(ErrorKind::TooLarge).with_note(&note));
        }
        Ok(page)
    }

    fn error(&self, kind: ErrorKind) -> Error {
        Error::new(&Method::GET, &self.path, kind)
    }

    /// Returns the items as they come, and an error at the end when they are not the whole.
    fn items(self) -> impl Stream<Item = Result<T, Error>> + Send {
        stream::try_unfold((self, None, 1), |(source, whole, number)| async move {
            let whole: Option<Whole> = whole;
            if whole.as_ref().is_some_and(|whole| number > whole.total.div_ceil(PAGE).max(1)) {
                return Ok(None);
            }
            let page = source.page(number).await?;
            let mut whole = whole.unwrap_or_else(|| Whole::of(&page));
            match whole.take(page, number) {
                Ok(items) => {
                    let items = stream::iter(items.into_iter().map(Ok));
                    Ok(Some((items, (source, Some(whole), number + 1))))
                }
                Err(Trouble::Failed(error)) => Err(error),
                Err(Trouble::Changed(why)) => Err(source.error(ErrorKind::ListChanged).with_note(why)),
            }
        })
        .try_flatten()
    }
}

/// Holds the pages of one reading against each other.
struct Whole {
    total: u64,
    seen: HashSet<String>,
}

impl Whole {
    fn of<T>(first: &ListPage<T>) -> Self {
        Self { total: first.total, seen: HashSet::new() }
    }

    /// Takes a page in: its count is the first one's, it is as long as that makes it, and nothing comes twice.
    fn take<T: Listed>(&mut self, page: ListPage<T>, number: u64) -> Result<Vec<T>, Trouble> {
        if page.total != self.total {
            return Err(Trouble::Changed("the count differs from page to page"));
        }
        let left = self.total.saturating_sub((number - 1) * PAGE);
        if page.items.len() as u64 != left.min(PAGE) {
            return Err(Trouble::Changed("a page has not as many items as the count says"));
        }
        for item in &page.items {
            if !self.seen.insert(item.id().to_owned()) {
                return Err(Trouble::Changed("an item comes twice"));
            }
        }
        Ok(page.items)
    }
}

impl<T: Listed> Stream for List<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { source, stream } = &mut *self;
        let stream = stream.get_or_insert_with(|| {
            let PageSource { client, path, query, items } = source;
            PageSource { client: client.clone(), path: path.clone(), query: query.clone(), items: *items }
                .items()
                .boxed()
        });
        stream.as_mut().poll_next(cx)
    }
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PageSource { path, query, .. } = &self.source;
        f.debug_struct("List").field("path", path).field("query", query).finish_non_exhaustive()
    }
}

/// Reads a page: its items under the list's own key, and `total_count`. Both must be there.
fn read_page<T: Listed>(body: &[u8]) -> serde_json::Result<ListPage<T>> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let page = deserializer.deserialize_map(PageVisitor(PhantomData))?;
    deserializer.end()?;
    Ok(page)
}

struct PageVisitor<T>(PhantomData<T>);

impl<'de, T: Listed> Visitor<'de> for PageVisitor<T> {
    type Value = ListPage<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a page with `{}` and `total_count`", T::KEY)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ListPage<T>, A::Error> {
        let (mut items, mut total) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            if key == T::KEY {
                refuse_second(&items, T::KEY)?;
                items = Some(map.next_value()?);
            } else if key == "total_count" {
                refuse_second(&total, "total_count")?;
                total = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        let items = items.ok_or_else(|| A::Error::missing_field(T::KEY))?;
        let total = total.ok_or_else(|| A::Error::missing_field("total_count"))?;
        Ok(ListPage { items, total })
    }
}

fn refuse_second<T, E: serde::de::Error>(value: &Option<T>, key: &'static str) -> Result<(), E> {
    if value.is_some() { Err(E::duplicate_field(key)) } else { Ok(()) }
}

/// Gathers the query of a list: filters that are not set are left out, since an empty one is an error.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(&'static str, String)>);

impl Query {
    /// Adds one value, when there is one.
    pub(super) fn one(mut self, key: &'static str, value: Option<&(impl ToString + ?Sized)>) -> Self {
        self.0.extend(value.map(|value| (key, value.to_string())));
        self
    }

    /// Adds each value under the same key, which is how the API takes lists.
    pub(super) fn each(mut self, key: &'static str, values: &[impl ToString]) -> Self {
        self.0.extend(values.iter().map(|value| (key, value.to_string())));
        self
    }

    pub(super) fn done(self) -> Vec<(&'static str, String)> {
        self.0
    }
}

/// Declares the orders of a list; the first is the default.
macro_rules! orders {
    ($(#[$doc:meta])* $name:ident { $first:ident = $first_text:literal, $($variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub enum $name {
            #[doc = concat!("`", $first_text, "`, the default.")]
            #[default]
            $first,
            $(#[doc = concat!("`", $text, "`.")] $variant,)+
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self {
                    Self::$first => $first_text,
                    $(Self::$variant => $text,)+
                })
            }
        }
    };
}
pub(super) use orders;

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Item {
        id: String,
    }

    impl Listed for Item {
        const KEY: &'static str = "items";

        fn id(&self) -> &str {
            &self.id
        }
    }

    #[test]
    fn a_page_is_read_in_either_order_of_keys_and_with_keys_of_later_versions() {
        for body in [
            r#"{"items":[{"id":"a"}],"total_count":1}"#,
            r#"{"total_count":1, "next":{"a":[]}, "items":[{"id":"a"}]}"#,
        ] {
            let page = read_page::<Item>(body.as_bytes()).ok().unwrap();
            assert_eq!((page.items[0].id.as_str(), page.total), ("a", 1));
        }
    }

    #[test]
    fn what_is_no_page_is_an_error_and_not_a_short_list() {
        for body in [
            "",
            "[]",
            "{}",
            r#"{"items":[]}"#,
            r#"{"total_count":0}"#,
            r#"{"items":null,"total_count":0}"#,
            r#"{"items":[],"total_count":-1}"#,
            r#"{"items":[{}],"total_count":1}"#,
            r#"{"items":[],"items":[],"total_count":0}"#,
            r#"{"items":[],"total_count":0} trailing"#,
            r#"{"items":[{"id":"a"}],"total_count":1"#,
        ] {
            assert!(read_page::<Item>(body.as_bytes()).is_err(), "{body}");
        }
    }
}
