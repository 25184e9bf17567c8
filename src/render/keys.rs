//! How API keys, their slots and what is to be done about them are said.

use std::io::{self, Write};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::escape::{markdown as escape, terminal};
use super::json::pretty;
use super::paint::Ink;
use super::report::Report;
use super::style::Style;
use super::wrap::{Screen, TIE, WrappedLine};
use crate::apply::slot::{KeysOutcome, SlotDone};
use crate::model::{Delivery, KeyStage, LiveKey, Marking, SlotName};
use crate::plan::Plan;
use crate::plan::slot::{BadAdoption, KeysPlan, SlotPlan, SlotWait, SlotWork, Stray, StrayKind, UNDER_WAY};

/// Returns what is done, with the sign of a change.
#[must_use]
pub fn work(plan: &SlotPlan, work: &SlotWork) -> (Ink, &'static str, String) {
    let to = || plan.deliver.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match work {
        SlotWork::Rename { key, .. } => {
            (Ink::Change, "~", format!("mark key {key} with the slot's new name"))
        }
        SlotWork::Adopt { key } => {
            let which = if plan.own.as_ref() == Some(key) { ", which this run uses" } else { "" };
            let words =
                format!("adopt key {key}{which}; its users must read the delivery before it is deleted");
            (Ink::Change, "~", words)
        }
        SlotWork::Sweep { secret, disable, delete } => {
            let number = disable.iter().chain(delete).collect::<std::collections::BTreeSet<_>>().len();
            let versions = if number == 1 { "version" } else { "versions" };
            (
                Ink::Remove,
                "-",
                format!("clear {number} {versions} of secret {secret} whose key no longer exists"),
            )
        }
        SlotWork::Deduplicate { secret, empty } => {
            let number = empty.len();
            let secrets = if number == 1 { "secret" } else { "secrets" };
            (
                Ink::Remove,
                "-",
                format!("delete {number} empty {secrets} with the same name as secret {secret}"),
            )
        }
        SlotWork::Discard { key } => {
            (Ink::Remove, "-", format!("delete key {key}, which was never delivered"))
        }
        SlotWork::Retire { key } => {
            (Ink::Remove, "-", format!("delete key {key}, which a newer key has replaced, and its versions"))
        }
        SlotWork::Finish { key } => (Ink::Add, "+", format!("finish the delivery of key {key} to {}", to())),
        SlotWork::Make { why } => {
            let own = plan.own.as_ref().filter(|own| plan.current.as_ref() == Some(own));
            let own = own.map(|own| format!("; key {own}, which this run uses, is replaced by it"));
            let own = own.unwrap_or_default();
            (Ink::Add, "+", format!("make a key and deliver it to {}, because {why}{own}", to()))
        }
    }
}

/// Returns why something is left alone, and what to do about it.
#[must_use]
pub fn wait(plan: &SlotPlan, wait: &SlotWait) -> String {
    match wait {
        SlotWait::UnderWay { key, until } => {
            format!(
                "left alone: another run may be delivering key {key}; from {until} on it counts as abandoned"
            )
        }
        SlotWait::Unnamed(Delivery::Command(label)) => {
            format!("needs `--deliver-command {label}='PROGRAM ARGUMENTS'`")
        }
        SlotWait::Unnamed(delivery) => format!("needs `--deliver-dir FOLDER` for {delivery}"),
        SlotWait::Several(secret, number) => {
            format!("left alone: {number} secrets are called {secret}; delete or rename all but one")
        }
        SlotWait::Foreign(secret, Some(stack)) => {
            format!("left alone: secret {secret} belongs to stack {stack}")
        }
        SlotWait::Foreign(secret, None) => {
            format!(
                "left alone: secret {secret} does not belong to this stack; to use it, write `adopt: true` in the delivery"
            )
        }
        SlotWait::Full(secret) => {
            format!("waits: secret {secret} has 20 versions, which is all that it can have; delete some")
        }
        SlotWait::Overlap { key, until } if plan.own.as_ref() == Some(key) => {
            format!("key {key}, which this run uses, stays until {until}; read the delivery before then")
        }
        SlotWait::Overlap { key, until } => format!("key {key} stays until {until}"),
        SlotWait::OwnKey(key) => {
            format!("key {key} stays because this run uses it; a run with another key deletes it")
        }
        SlotWait::Undelivered { key, delivery } => {
            format!("key {key} stays until {delivery} has the current key")
        }
        SlotWait::NotOrdinary(key) => format!("key {key} stays: it cannot be deleted"),
        SlotWait::NeedsApply(why) => format!("needs an `apply` of the files: {why}"),
        SlotWait::NewPlace(delivery) => {
            format!("needs an `apply` of the files: {delivery} has no key of this slot yet")
        }
        SlotWait::Shortened { longest, at } => {
            format!(
                "warning: keys live {}, the organization's maximum, although `expires_after` is longer ({}:{})",
                span(*longest),
                at.file.display(),
                at.line
            )
        }
        SlotWait::TooShort(longest) => {
            format!(
                "no key is made: the organization lets keys live {}, which is not longer than `rotate_before`",
                span(*longest)
            )
        }
        SlotWait::Stuck(keys) => {
            let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
            format!(
                "no more keys are made: {} were never confirmed, and a delivery may hold them; mend the delivery, then delete them",
                keys.join(", ")
            )
        }
        SlotWait::Adopt(key, bad) => {
            let why = match bad {
                BadAdoption::NotThere => "the application has no such key",
                BadAdoption::Marked => "its description says that it belongs to a slot",
                BadAdoption::SlotTaken => "the slot has a key in use that is older",
                BadAdoption::NotOrdinary => "it cannot be changed",
            };
            format!("cannot adopt key {key}: {why}; remove `adopt` or name another key")
        }
    }
}

/// Returns a span of time in its largest units: `13 days`, `5 hours`.
#[must_use]
pub fn span(span: SignedDuration) -> String {
    let minutes = span.as_mins();
    let (number, unit) = match minutes {
        ..120 => (minutes, "minute"),
        120..2880 => (minutes / 60, "hour"),
        _ => (minutes / (24 * 60), "day"),
    };
    if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") }
}

fn stray(stray: &Stray) -> String {
    let (application, key) = (&stray.application, &stray.key.access_key);
    let what = match &stray.kind {
        StrayKind::Slot(slot) => format!("of slot {slot}, which is not declared"),
        StrayKind::Unmarked => "without a slot".to_owned(),
        StrayKind::Unclear => "whose description looks like a mark and is none".to_owned(),
        StrayKind::OwnKey => "which this run uses".to_owned(),
    };
    format!("{application}: key {key} {what}")
}

/// Writes the API keys of a plan: a heading, then each slot that has work or waits, and the keys without a slot.
pub(super) fn section(out: &mut dyn Write, keys: &KeysPlan, style: Style) -> io::Result<()> {
    let shown: Vec<_> =
        keys.slots.iter().filter(|slot| !slot.work.is_empty() || !slot.waits.is_empty()).collect();
    if shown.is_empty() && keys.pruned.is_empty() && keys.strays.is_empty() {
        return Ok(());
    }
    let screen = Screen { paint: style.paint, width: style.width };
    writeln!(out, "{}", style.paint.text(Ink::Heading, "API keys"))?;
    for slot in shown {
        let name = format!("{} / {}", slot.application, slot.slot);
        WrappedLine::of(None, &terminal(&name)).write(out, screen, 2, 2)?;
        for one in &slot.work {
            let (ink, sign, words) = work(slot, one);
            WrappedLine::of(Some(ink), &format!("{sign}{TIE}{}", terminal(&words)))
                .write(out, screen, 4, 2)?;
        }
        for one in &slot.waits {
            let ink = if one.is_trouble() { Ink::Alarm } else { Ink::Faint };
            WrappedLine::of(Some(ink), &terminal(&wait(slot, one))).write(out, screen, 4, 2)?;
        }
    }
    for one in &keys.pruned {
        WrappedLine::of(Some(Ink::Remove), &format!("-{TIE}delete {}", terminal(&stray(one))))
            .write(out, screen, 2, 2)?;
    }
    for one in &keys.strays {
        WrappedLine::of(Some(Ink::Faint), &format!("{} stays", terminal(&stray(one))))
            .write(out, screen, 2, 2)?;
    }
    writeln!(out)
}

/// Writes what became of the keys of a plan.
pub(super) fn outcome(out: &mut dyn Write, outcome: &KeysOutcome, style: Style) -> io::Result<()> {
    let screen = Screen { paint: style.paint, width: style.width };
    for slot in &outcome.slots {
        let name = format!("{} / {}", slot.application, slot.slot);
        for done in &slot.done {
            let words = match done {
                SlotDone::Work(SlotWork::Make { .. } | SlotWork::Finish { .. }) => continue,
                SlotDone::Work(work) => {
                    format!("{} {}", work.word(), work.key().map_or("versions", |key| key.as_str()))
                }
                SlotDone::Delivered(key) => format!("key {key} is delivered and in use"),
                SlotDone::Unread(secret) => {
                    format!(
                        "secret {secret} could not be read back (it needs SecretManagerSecretAccess); its newest version names the key"
                    )
                }
            };
            WrappedLine::of(None, &terminal(&format!("{name}: {words}"))).write(out, screen, 2, 2)?;
        }
        if let Some(error) = &slot.error {
            WrappedLine::of(Some(Ink::Alarm), "failed")
                .and(None, &terminal(&format!(" {name}: {error}")))
                .write(out, screen, 2, 2)?;
        }
    }
    for (one, error) in &outcome.pruned {
        match error {
            None => {
                WrappedLine::of(None, &terminal(&format!("deleted: {}", stray(one))))
                    .write(out, screen, 2, 2)?;
            }
            Some(error) => WrappedLine::of(Some(Ink::Alarm), "failed")
                .and(None, &terminal(&format!(" {}: {error}", stray(one))))
                .write(out, screen, 2, 2)?,
        }
    }
    for hint in outcome.errors().filter_map(crate::apply::slot::SlotError::hint) {
        writeln!(out, "hint: {}", terminal(&hint.to_string()))?;
    }
    Ok(())
}

/// Returns what became of the keys of a plan, for programs.
pub(super) fn outcome_json(outcome: &KeysOutcome) -> Value {
    let slots = outcome.slots.iter().map(|slot| {
        let done: Vec<Value> = slot
            .done
            .iter()
            .map(|done| match done {
                SlotDone::Work(work) => json!({"work": work.word(), "key": work.key().map(|key| key.as_str())}),
                SlotDone::Delivered(key) => json!({"work": "delivered", "key": key.as_str()}),
                SlotDone::Unread(secret) => json!({"work": "unread", "secret": secret}),
            })
            .collect();
        let error = slot.error.as_ref().map(ToString::to_string);
        json!({"application": slot.application.to_string(), "slot": slot.slot.as_str(), "done": done, "error": error})
    });
    slots.collect()
}

/// The slots of files and what is live of them: the result of `keys`.
#[derive(Debug, Clone, Copy)]
pub struct KeysReport<'a> {
    /// The plan that they were looked at for.
    pub plan: &'a Plan,
}

impl KeysReport<'_> {
    fn now(&self) -> Timestamp {
        self.plan.created_at()
    }

    fn key(&self, slot: &SlotPlan, key: &LiveKey) -> String {
        let age = span(self.now().duration_since(key.created_at));
        let ends = match key.expires_at {
            None => "never expires".to_owned(),
            Some(at) if at <= self.now() => format!("expired at {at}"),
            Some(at) => format!("expires in {}", span(at.duration_since(self.now()))),
        };
        let stage = match key.marking.mark().map(|mark| mark.stage) {
            Some(KeyStage::New) => "not confirmed",
            _ if slot.current.as_ref() == Some(&key.access_key) => "current",
            _ => "replaced",
        };
        format!("{}  {stage}, {age} old, {ends}", key.access_key)
    }
}

impl Report for KeysReport<'_> {
    fn text(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        let screen = Screen { paint: style.paint, width: style.width };
        let keys = self.plan.keys();
        if keys.declared.is_empty() {
            return writeln!(out, "The files declare no API keys.");
        }
        for slot in &keys.slots {
            let name = format!("{} / {}", slot.application, slot.slot);
            writeln!(out, "{}", style.paint.text(Ink::Heading, &terminal(&name)))?;
            for key in &slot.keys {
                WrappedLine::of(None, &terminal(&self.key(slot, key))).write(out, screen, 2, 2)?;
            }
            if slot.keys.is_empty() {
                writeln!(out, "  no key")?;
            }
            for delivery in &slot.deliver {
                WrappedLine::of(Some(Ink::Faint), &terminal(&format!("→{TIE}{delivery}")))
                    .write(out, screen, 2, 2)?;
            }
            for one in &slot.work {
                let (ink, _, words) = work(slot, one);
                WrappedLine::of(Some(ink), &format!("due: {}", terminal(&words))).write(out, screen, 2, 2)?;
            }
            for one in &slot.waits {
                WrappedLine::of(Some(Ink::Faint), &terminal(&wait(slot, one))).write(out, screen, 2, 2)?;
            }
        }
        for one in keys.pruned.iter().chain(&keys.strays) {
            WrappedLine::of(None, &terminal(&stray(one))).write(out, screen, 0, 2)?;
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "| slot | key | state |\n|---|---|---|")?;
        for slot in &self.plan.keys().slots {
            let name = escape(&format!("{} / {}", slot.application, slot.slot));
            for key in &slot.keys {
                let words = self.key(slot, key);
                let (key, state) = words.split_once("  ").unwrap_or((&words, ""));
                writeln!(out, "| {name} | {} | {} |", escape(key), escape(state))?;
            }
            for one in &slot.work {
                writeln!(out, "| {name} | | due: {} |", escape(&work(slot, one).2))?;
            }
            for one in &slot.waits {
                writeln!(out, "| {name} | | {} |", escape(&wait(slot, one)))?;
            }
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let keys = self.plan.keys();
        let key = |key: &LiveKey| {
            let mark = key.marking.mark();
            let stage = mark.map(|mark| match mark.stage {
                KeyStage::New => json!({"stage": "new"}),
                KeyStage::Ok(since) => json!({"stage": "ok", "since": since}),
            });
            json!({
                "access_key": key.access_key.as_str(), "created_at": key.created_at, "expires_at": key.expires_at, "mark": stage,
            })
        };
        let slots: Vec<Value> = keys.slots.iter().map(|slot| {
            let deliver: Vec<_> = slot.deliver.iter().map(ToString::to_string).collect();
            let due: Vec<_> = slot.work.iter().map(|one| json!({"work": one.word(), "words": work(slot, one).2})).collect();
            let waits: Vec<_> = slot.waits.iter().map(|one| wait(slot, one)).collect();
            json!({
                "application": slot.application.key_text(), "slot": slot.slot.as_str(),
                "current": slot.current.as_ref().map(|key| key.as_str()), "keys": slot.keys.iter().map(key).collect::<Vec<_>>(),
                "deliver": deliver, "due": due, "waits": waits,
            })
        }).collect();
        let strays: Vec<_> = keys.pruned.iter().chain(&keys.strays).map(|one| {
            json!({"application": one.application.key_text(), "key": key(&one.key), "words": stray(one)})
        }).collect();
        pretty(out, &json!({"now": self.now(), "slots": slots, "without_slot": strays}))
    }
}

/// One API key: the result of `keys show`.
#[derive(Debug, Clone, Copy)]
pub struct KeyReport<'a> {
    /// The key.
    pub key: &'a LiveKey,
    /// Whose it is, in words.
    pub bearer: &'a str,
    /// Its description.
    pub description: &'a str,
    /// The address from which it was made.
    pub creation_ip: &'a str,
    /// The id of its default project.
    pub default_project: &'a str,
    /// What time it is.
    pub now: Timestamp,
}

impl KeyReport<'_> {
    fn rows(&self) -> Vec<(&'static str, String)> {
        let Self { key, bearer, description, creation_ip, default_project, now } = *self;
        let slot = |slot: &SlotName, stage: KeyStage| match stage {
            KeyStage::New if key.created_at.saturating_add(UNDER_WAY).is_ok_and(|at| at > now) => {
                format!("{slot}, being delivered")
            }
            KeyStage::New => format!("{slot}, not confirmed"),
            KeyStage::Ok(since) => format!("{slot}, in use since {since}"),
        };
        let mut rows = vec![("access_key", key.access_key.to_string()), ("bearer", bearer.to_owned())];
        if let Marking::Mark(mark) = &key.marking {
            rows.push(("slot", slot(&mark.slot, mark.stage)));
        }
        rows.extend([
            ("description", description.to_owned()),
            ("created_at", format!("{} ({} ago)", key.created_at, span(now.duration_since(key.created_at)))),
            ("expires_at", key.expires_at.map_or_else(|| "never".to_owned(), |at| at.to_string())),
            ("default_project", default_project.to_owned()),
            ("creation_ip", creation_ip.to_owned()),
        ]);
        rows
    }
}

impl Report for KeyReport<'_> {
    fn text(&self, out: &mut dyn Write, _: Style) -> io::Result<()> {
        for (name, value) in self.rows() {
            writeln!(out, "{name:<16} {}", terminal(&value))?;
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "| field | value |\n|---|---|")?;
        for (name, value) in self.rows() {
            writeln!(out, "| {name} | {} |", escape(&value))?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { key, bearer, description, creation_ip, default_project, now: _ } = self;
        let mark = key.marking.mark();
        pretty(
            out,
            &json!({
                "access_key": key.access_key.as_str(), "bearer": bearer, "description": description,
                "slot": mark.map(|mark| mark.slot.as_str()), "created_at": key.created_at, "expires_at": key.expires_at,
                "default_project": default_project, "creation_ip": creation_ip,
            }),
        )
    }
}

/// What is done about the keys of a plan, and what became of it: the result of `keys rotate`.
#[derive(Debug, Clone, Copy)]
pub struct RotationReport<'a> {
    /// What is to be done.
    pub plan: &'a KeysPlan,
    /// What became of it; `None` before.
    pub outcome: Option<&'a KeysOutcome>,
}

impl RotationReport<'_> {
    /// Writes what became of it.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn ended(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        self.outcome.map_or(Ok(()), |ended| outcome(out, ended, style))
    }
}

impl Report for RotationReport<'_> {
    fn text(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        section(out, self.plan, style)?;
        self.ended(out, style)
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        for slot in &self.plan.slots {
            for one in &slot.work {
                writeln!(out, "- {} / {}: {}", slot.application, slot.slot, escape(&work(slot, one).2))?;
            }
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let work: Vec<Value> =
            self.plan.slots.iter().flat_map(|slot| &slot.work).map(|work| json!(work.word())).collect();
        pretty(out, &json!({"work": work, "outcome": self.outcome.map(outcome_json)}))
    }
}
