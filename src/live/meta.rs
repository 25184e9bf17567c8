//! What every kind that files declare has.
use crate::model::{Flags, Meta, Owner};

pub(super) fn meta(description: &str, tags: &[String]) -> Meta {
    let (owner, tags) = Owner::of_tags(tags.iter().cloned());
    Meta { description: description.to_owned(), tags, owner }
}

pub(super) fn flags(editable: bool, deletable: bool, managed: bool) -> Flags {
    Flags { editable, deletable, managed }
}
