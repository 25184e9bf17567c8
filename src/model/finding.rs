//! The catalogue of findings: their names, how severe each is, and what a reader has to know about it.

use std::fmt;
use std::str::FromStr;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FindingSeverity {
    /// Nothing is wrong; it is good to know.
    Info,
    /// Untidy, or a problem later.
    Low,
    /// Should be changed.
    Medium,
    /// Should be changed soon.
    High,
    /// Should be changed at once.
    Critical,
}

impl FindingSeverity {
    /// All of them, the worst first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    /// Their words, in the same order.
    pub const WORDS: &'static [&'static str] = &["critical", "high", "medium", "low", "info"];

    /// Returns the word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
        }
    }
}

impl fmt::Display for FindingSeverity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for FindingSeverity {
    type Err = UnknownSeverity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == text).ok_or(UnknownSeverity)
    }
}

/// A word that is not a severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected `critical`, `high`, `medium`, `low` or `info`")]
pub struct UnknownSeverity;

/// What there is to know about a finding.
#[derive(Debug, Clone, Copy)]
pub struct FindingText {
    /// The name in files and reports.
    pub word: &'static str,
    /// The severity, unless settings or the object itself change it.
    pub severity: FindingSeverity,
    /// What it is, in a few words.
    pub title: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// When it is fine.
    pub fine: &'static str,
    /// How to check that it is gone.
    pub check: &'static str,
}

macro_rules! catalogue {
    ($($variant:ident $severity:ident $word:literal: $title:literal
        why $why:literal
        fine $fine:literal
        check $check:literal;)*) => {
        /// What was found, by name: the name never changes, so that settings and baselines can hold it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum FindingId {
            $(#[doc = $title] $variant,)*
        }

        impl FindingId {
            /// All of them, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Their names, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// Returns what there is to know about it.
            #[must_use]
            pub const fn text(self) -> FindingText {
                match self {
                    $(Self::$variant => FindingText {
                        word: $word,
                        severity: FindingSeverity::$severity,
                        title: $title,
                        why: $why,
                        fine: $fine,
                        check: $check,
                    },)*
                }
            }
        }
    };
}

catalogue! {
    OwnerKey Critical "owner-key": "The owner has an API key"
        why "The owner holds everything without any policy. No policy, condition or guardrail can limit this key. If it leaks, the organization is lost."
        fine "Never. An application with a policy can do everything that the owner's key is used for."
        check "Create an application with a policy, switch the job to its key, delete the owner's key, and run the report again.";
    Escalation High "escalation": "Somebody can give themselves more access than they hold"
        why "A principal that can write policies, change groups, create keys for applications or take over accounts can reach their access too. Review it as if it already had that access."
        fine "For the people who administer IAM, and for the application that runs `scw-iam apply`. Keep them few."
        check "`scw-iam report` lists each path. Remove the permission set of the first step, or move it to a group of administrators.";
    AdminWithoutMfa High "admin-without-mfa": "An administrator logs in without a second factor"
        why "One stolen password is then enough to take over the organization."
        fine "If people can only log in through SAML, and the identity provider requires a second factor."
        check "The person turns on multi-factor authentication in the console; `mfa` of the user is then true.";
    AdminsCount High "admins-count": "Too few or too many people can administer IAM"
        why "With one administrator, a lost phone locks everybody out. With many, each account is a way in."
        fine "If more people need it for a while. Two to five are not reported."
        check "`scw-iam who-can IAMManager --on organization --live` lists them.";
    EverybodyGrant High "everybody-grant": "A policy is attached to All Users or All Applications"
        why "Everybody who is invited later, guests included, gets the same access without a decision."
        fine "For access that everybody should have, such as reading a shared registry."
        check "Attach the policy to a group with members instead, so that the built-in group has no policy.";
    AllProducts High "all-products": "Full access to every product"
        why "AllProductsFullAccess covers products that you do not use, and each product that Scaleway adds."
        fine "In a sandbox project, or for a break-glass group that is watched."
        check "Grant the permission sets of the products instead; `scw-iam who-can AllProductsFullAccess --on all_projects --live` then lists nobody.";
    ApplicationAdmin High "application-admin": "An application can administer the organization or IAM"
        why "An application logs in with a key alone: no second factor, and often from a CI system that many people can change."
        fine "For the one application that runs `scw-iam apply`, with keys that expire."
        check "`scw-iam who-can IAMManager --on organization --live` then lists no other application.";
    Broken High "broken": "An assertion or a guardrail is violated"
        why "The files state what must always or never be possible, and the organization violates it."
        fine "Only briefly: either the access or the assertion is wrong."
        check "`scw-iam drift` lists nothing as broken.";
    Refused High "refused": "A guard refuses the plan"
        why "The plan would do something that is rarely intended: lock somebody out, delete many objects, or grant access that can escalate."
        fine "If it is intended: an entry under `allow`, reviewed with the change, permits exactly this."
        check "`scw-iam plan` shows no refusal.";
    Blocked High "blocked": "A policy cannot be rewritten"
        why "It has a rule that this version cannot express. Its rules stay as they are, including access that the files remove."
        fine "If the rule was created on purpose with a newer console. Do not declare the policy then."
        check "Change the rule in the console or update scw-iam; the plan then no longer lists the policy as blocked.";
    InvalidFile High "invalid-file": "The files hold an error"
        why "As long as the files hold an error, nothing is planned or checked."
        fine "Never."
        check "`scw-iam validate` ends with 0.";
    MfaOff Medium "mfa-off": "Somebody logs in without a second factor"
        why "A guessed, reused or phished password is enough to log in."
        fine "If people can only log in through SAML, and the identity provider requires a second factor."
        check "The person turns on multi-factor authentication; the organization can enforce it with a grace period.";
    KeyWithoutExpiry Medium "key-without-expiry": "An API key never expires"
        why "A leaked key works until somebody notices the leak."
        fine "Rarely. If rotation is impossible, document who is responsible for the key."
        check "Replace it with a key that expires.";
    NoKeyMaximum Medium "no-key-maximum": "Nothing limits how long API keys live"
        why "Without a maximum in the security settings, new keys can be created without an expiry."
        fine "If every key is created with an expiry."
        check "Set a maximum in the organization's security settings.";
    OldKey Medium "old-key": "An API key is old"
        why "The older a key is, the more places it may have been copied to."
        fine "If you know and monitor where it is stored."
        check "Rotate it.";
    InactivePerson Medium "inactive-person": "Somebody who has access has not logged in for 90 days"
        why "People who have left or changed teams often keep an account that nobody monitors. Using an API key does not count as a log-in."
        fine "For a break-glass account for emergencies."
        check "Remove the person or their access, or wait until they log in.";
    NeverTrue Medium "never-true": "A condition can never hold"
        why "The rule grants nothing, although it appears to. Comparing a time with a text, for example, is an error on every request."
        fine "Never: the rule does not do what it appears to do."
        check "Correct the condition, and check it with `scw-iam explain --at TIME`.";
    Gone Medium "gone": "The files name something that no longer exists"
        why "The files show access that nobody has, and hide the fact that somebody left."
        fine "For a short time after somebody has left."
        check "Remove the name from the files; `scw-iam drift` then lists nothing as gone.";
    Missing Medium "missing": "A declared object does not exist"
        why "Somebody deleted it, or the files were not applied yet. People may lack access that they need."
        fine "Between a merge and its apply."
        check "`scw-iam apply` creates it; `scw-iam drift` then finds nothing.";
    Extra Medium "extra": "An object belongs to the stack and is not declared"
        why "It is left over, or was created by hand with the stack's tag. Nobody reviewed the access that it grants."
        fine "With `prune: none`, while somebody moves it elsewhere."
        check "Declare it, release it, or let `scw-iam apply` delete it.";
    Changed Medium "changed": "A declared object differs from the files"
        why "Somebody changed it by hand, without a review."
        fine "In an emergency, until the files say the same."
        check "`scw-iam apply` reverts the change, or you add it to the files; `scw-iam drift` then finds nothing.";
    StaleIgnore Medium "stale-ignore": "An entry for an ignored finding has ended or matches nothing"
        why "The entry hides nothing now, but would hide the finding if it came back."
        fine "Never: keep the list of exceptions short."
        check "Remove the entry from the files, or give it a new end with a reason.";
    Interruption Medium "interruption": "The apply interrupts access that somebody keeps"
        why "No order of the steps avoids it: for a moment somebody lacks access that they have before and afterwards."
        fine "If it is short and nobody works at that time."
        check "Apply in two changes, the new path first; the plans then list no interruption.";
    ExpiredKey Low "expired-key": "An expired API key is still listed"
        why "It counts toward the quota and makes the list of working keys harder to read."
        fine "For a few days after a rotation."
        check "Delete the key.";
    PersonKey Low "person-key": "A person's API key never expires"
        why "It can do everything that the person can, without a second factor, and it stops working when the person leaves."
        fine "For tools on the person's own computer. Give the key an expiry all the same."
        check "Use an application for machines, and give people's keys an expiry.";
    TwoKeys Low "two-keys": "Somebody keeps an older key beside a newer one"
        why "After a rotation the old key should be deleted. If both stay, nobody knows which is in use."
        fine "During a rotation, or if two systems have one key each and the descriptions say so."
        check "Delete the older key.";
    NeverLoggedIn Low "never-logged-in": "Somebody was invited and never logged in"
        why "Anybody who can read the invitation can take over the account, and nobody would notice."
        fine "Within 30 days after the invitation; until then, it is not reported."
        check "Remove the person, or wait until they log in.";
    LockedWithAccess Low "locked-with-access": "Somebody who is locked still holds access"
        why "One click unlocks the person, and all access is back."
        fine "For a few days, until it is decided whether the person comes back."
        check "Remove the person from the groups, and delete their policies.";
    IdleApplication Low "idle-application": "No change by an application was seen in 90 days"
        why "It may no longer be needed. Audit Trail records changes of some products only, so an application that only reads looks idle too."
        fine "If the application only reads, or uses products that are not recorded."
        check "The Audit Trail lists what an application has done.";
    UnusedApplication Low "unused-application": "An application has no key, no group and no policy"
        why "It can do nothing. Unused objects make lists longer and reviews harder."
        fine "Within 30 days after it was created; until then, it is not reported."
        check "Delete it.";
    OrphanPolicy Low "orphan-policy": "A policy is attached to nobody"
        why "It grants nothing today, but would grant all of its rules if somebody attached it by mistake."
        fine "Within 30 days, while it is being prepared."
        check "Delete the policy, or attach it.";
    EmptyGroup Low "empty-group": "A group without members has policies"
        why "The next member gets all of its access, and nobody reviews an empty group."
        fine "For a break-glass group that people join in an emergency."
        check "Delete the group or its policies, or give it members.";
    RedundantRule Low "redundant-rule": "Another rule already grants everything that this rule grants"
        why "Removing the access takes two changes, and one of them is easily forgotten."
        fine "If two teams each maintain a rule of their own."
        check "Delete the rule; `scw-iam compare` of before and after shows no difference in access.";
    DuplicatePolicy Low "duplicate-policy": "Several policies of one principal have the same rules"
        why "Removing the access takes several changes, and one of them is easily forgotten."
        fine "Only briefly: two applies at the same time can leave duplicates behind."
        check "Delete all but one; `scw-iam compare` of before and after shows no difference in access.";
    DirectPolicy Low "direct-policy": "A policy is attached to a person"
        why "Access through a group shows in its list of members. Direct access is found only by checking every person."
        fine "If only this person has the duty."
        check "Attach the policy to a group that the person is in.";
    DeadRule Low "dead-rule": "All projects of a rule were deleted"
        why "The rule grants nothing, but makes the policy look wider than it is."
        fine "Only briefly."
        check "Remove the rule, or let scw-iam do it the next time it rewrites the policy.";
    ExpiredRule Low "expired-rule": "A rule has ended"
        why "It no longer grants anything, but makes the policy look wider than it is."
        fine "Until the next scheduled `scw-iam apply`."
        check "Delete the rule.";
    Due Low "due": "An entry has ended and is still live"
        why "The access that should have ended is still there: only an apply ends a membership."
        fine "Until the next scheduled `scw-iam apply`."
        check "`scw-iam apply` removes it; `scw-iam drift` then finds nothing due.";
    FileWarning Low "file-warning": "The files hold a warning"
        why "The files work, but probably not as intended."
        fine "If the message says so."
        check "`scw-iam validate --strict` ends with 0.";
    EndsSoon Info "ends-soon": "Access ends within 14 days"
        why "People who need it longer have to ask before it ends."
        fine "Usually: temporary access is meant to end."
        check "Extend `until`, or let it end.";
    DeniedOften Info "denied-often": "Many requests of one principal were denied"
        why "Either access is missing, or somebody is probing what they can reach."
        fine "Shortly after access was removed, if a job still uses it."
        check "`scw-iam explain` shows what the principal holds; Audit Trail lists the requests.";
    HiddenMembers Info "hidden-members": "A group has members that no list shows"
        why "Products such as Kubernetes add such members. They have all of the group's access."
        fine "If you know which product added them."
        check "Move the members that you manage to a group of their own.";
    ProductMade Info "product-made": "Scaleway made this object, not you"
        why "Products create objects for their own use, and these can grant access."
        fine "If the product is in use."
        check "Delete the product's resource; its objects go with it.";
    Unmanaged Info "unmanaged": "No stack owns this object"
        why "No file declares the access that it grants, so no review covers it."
        fine "While an organization adopts scw-iam step by step."
        check "`scw-iam export` writes it as files; declare it in a stack.";
    PasswordLogin Info "password-login": "Passwords are allowed beside SAML"
        why "Logging in with a password bypasses the identity provider and its rules."
        fine "For the owner, so that a failure of the identity provider does not lock everybody out."
        check "Turn log-in by password off in the organization's settings.";
    Change Info "change": "A step of the plan"
        why "An apply would send it."
        fine "If the change is intended."
        check "`scw-iam apply` does it; the next plan is then empty.";
}

impl FindingId {
    /// Returns the name in files and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.text().word
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for FindingId {
    type Err = UnknownFindingId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|id| id.as_str() == text).ok_or(UnknownFindingId)
    }
}

/// A word that is not a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such finding; docs/findings.md lists them")]
pub struct UnknownFindingId;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_finding_is_explained_in_a_few_words() {
        let mut words = BTreeSet::new();
        for id in FindingId::ALL {
            let FindingText { word, title, why, fine, check, .. } = id.text();
            assert!(words.insert(word), "{word}");
            assert_eq!(word.parse::<FindingId>(), Ok(*id));
            assert!(word.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{word}");
            assert!(
                !title.ends_with('.') && [why, fine, check].iter().all(|text| text.ends_with('.')),
                "{word}"
            );
            assert!(why.len() + fine.len() + check.len() <= 600, "{word}");
        }
    }
}
