//! Which recorded write led to a finding.

use jiff::{SignedDuration, Timestamp};

use crate::model::{Attribution, DoneBy, RecordedWrite, WriteKind, WriteTrace};

/// How far apart the time of an object and that of the event about it may be.
const APART: SignedDuration = SignedDuration::from_secs(5);

/// Returns who did what the traces of a finding lead to. `recorded` are the writes that each trace may mean, and `name` puts the
/// id of a principal into words. `changed_at` is when the rules of a policy were last replaced, where that is known.
#[must_use]
pub fn attribute<'w>(
    recorded: impl IntoIterator<Item = (&'w WriteTrace, &'w [RecordedWrite])>,
    name: impl Fn(&str) -> String,
    changed_at: impl Fn(&WriteTrace) -> Option<Timestamp>,
) -> Attribution {
    let mut fitting: Vec<(&WriteTrace, &RecordedWrite)> = recorded
        .into_iter()
        .flat_map(|(trace, writes)| writes.iter().map(move |write| (trace, write)))
        .filter(|(trace, write)| fits(trace, write))
        .collect();
    fitting.sort_by_key(|(_, write)| std::cmp::Reverse(write.at));
    let Some((trace, last)) = fitting.first() else { return Attribution::Unknown };
    // A run of this program put the files into force, so earlier writes cannot be what is found now; the event of a later
    // one may not be there yet.
    let others = fitting.iter().skip(1).take_while(|(_, write)| write.run_id.is_none());
    let alone = last.run_id.is_none() && others.count() == 0;
    let unseen = changed_at(trace).is_some_and(|at| at.duration_since(last.at) > APART);
    let done_by = DoneBy {
        at: last.at,
        principal: name(&last.principal_id),
        principal_id: last.principal_id.clone(),
        address: last.address.clone(),
        client: last.client.clone(),
        method: last.method.clone(),
        request_id: last.request_id.clone(),
        run_id: last.run_id.clone(),
    };
    let guessed = matches!(trace, WriteTrace::Deleted(object) if object.is(last).is_none());
    if alone && !unseen && !guessed && last.kind.is_some() {
        Attribution::Exact(done_by)
    } else {
        Attribution::Likely(done_by)
    }
}

/// Whether a write is one of those that a trace means.
fn fits(trace: &WriteTrace, write: &RecordedWrite) -> bool {
    match trace {
        WriteTrace::Object(_, kinds) => match &write.kind {
            Some(kind) => kinds.contains(kind),
            None => kinds.iter().any(|kind| !matches!(kind, WriteKind::Create | WriteKind::Delete)),
        },
        WriteTrace::Deleted(object) => {
            write.kind == Some(WriteKind::Delete) && object.is(write) != Some(false)
        }
        WriteTrace::ApiKey(_) => write.kind == Some(WriteKind::Create),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, DeletedObject, Key, Kind, Name};

    fn write(at: i64, kind: Option<WriteKind>, run: Option<&str>) -> RecordedWrite {
        RecordedWrite {
            at: Timestamp::from_second(at).unwrap(),
            kind,
            method: String::new(),
            object_id: String::new(),
            name: None,
            principal_id: "1".to_owned(),
            address: String::new(),
            client: String::new(),
            request_id: format!("r{at}"),
            run_id: run.map(str::to_owned),
        }
    }

    fn of(writes: &[RecordedWrite], changed_at: Option<i64>) -> (&'static str, Option<String>) {
        let policy = Address::policy("p".parse::<Name>().unwrap());
        let trace = WriteTrace::Object(policy, [WriteKind::Rules].into());
        let changed_at = changed_at.map(|at| Timestamp::from_second(at).unwrap());
        let found = attribute([(&trace, writes)], str::to_owned, |_| changed_at);
        (found.certainty(), found.done_by().map(|by| by.request_id.clone()))
    }

    #[test]
    fn only_one_write_that_fits_is_exact() {
        use WriteKind::{Members, Rules};
        assert_eq!(of(&[write(1, Some(Rules), Some("x"))], None), ("likely", Some("r1".to_owned())));
        let last = |number: i64| Some(format!("r{number}"));
        assert_eq!(of(&[], None), ("unknown", None));
        assert_eq!(of(&[write(1, Some(Members), None)], None), ("unknown", None));
        let one = [write(1, Some(Rules), None), write(2, Some(Members), None)];
        assert_eq!(of(&one, None), ("exact", last(1)));
        let two = [write(1, Some(Rules), None), write(2, Some(Rules), None)];
        assert_eq!(of(&two, None), ("likely", last(2)));
        // Before the second write, a run of this program put the files into force.
        let after_run =
            [write(1, Some(Rules), None), write(2, Some(Rules), Some("x")), write(3, Some(Rules), None)];
        assert_eq!(of(&after_run, None), ("exact", last(3)));
    }

    #[test]
    fn the_deletion_of_a_person_is_matched_as_exactly_as_it_names_them() {
        let ann = Key::Email("Ann.Lee@x.io".parse().unwrap());
        let known = |key: &Key, username: Option<&str>, named: &str| {
            let object = DeletedObject::of(Kind::User, key, username);
            let deletion = RecordedWrite {
                object_id: "7e57".to_owned(),
                name: Some(named.to_owned()),
                ..write(1, Some(WriteKind::Delete), None)
            };
            let (trace, writes) = (WriteTrace::Deleted(object), [deletion]);
            attribute([(&trace, &writes[..])], str::to_owned, |_| None).certainty()
        };
        assert_eq!(known(&ann, None, "ann.lee@x.io"), "exact");
        assert_eq!(known(&ann, Some("lee"), "lee"), "exact", "the files know the username");
        assert_eq!(known(&ann, None, "ann.lee"), "likely", "usernames are often made so");
        assert_eq!(known(&ann, Some("lee"), "ann.lee"), "unknown", "the username is another one");
        assert_eq!(known(&ann, None, "bob"), "unknown");
        assert_eq!(known(&Key::Username("ops".parse().unwrap()), None, "ops"), "exact");
    }

    #[test]
    fn a_write_before_the_last_change_is_not_sure_to_be_the_one() {
        let one = [write(100, Some(WriteKind::Rules), None)];
        assert_eq!(of(&one, Some(101)).0, "exact");
        assert_eq!(of(&one, Some(200)).0, "likely", "the event of the last change is still to come");
        assert_eq!(of(&[write(100, None, None)], None).0, "likely", "a log names no method");
    }
}
