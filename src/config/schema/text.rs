//! The schema of the texts in a file: the checked types of the model, and a name for each text that has none.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::config::decode::Spanned;
use crate::model::{
    AccessKeyId, Address, ChildName, Condition, Email, Id, KeyForm, Kind, Name, PermissionSetName,
    ProjectName, SlotName, Stack, Tag, Username,
};

impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// Says how a value of a type is written in a file.
macro_rules! written {
    ($type:ty, $name:literal, $words:literal, {$($json:tt)*}) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"description": $words, $($json)*})
            }
        }
    };
}

written!(Name, "name", "The name of an application, a group or a policy: ASCII letters, digits, `_ ( ) . -` and inner spaces.", {
    "type": "string",
    "minLength": 1,
    "maxLength": 64,
    "pattern": r"^[0-9A-Za-z_().-]+( +[0-9A-Za-z_().-]+)*$"
});

written!(ProjectName, "project_name", "The name of a project.", {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "not": {"pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"}
});

written!(ChildName, "child_name", "A name within a project.", {
    "type": "string",
    "minLength": 1,
    "maxLength": 255
});

written!(Email, "email", "An e-mail address.", {
    "type": "string",
    "maxLength": 254,
    "pattern": r#"^[^@\s<>(),;:"\[\]\\]+@[^@\s<>(),;:"\[\]\\]+$"#
});

written!(Username, "username", "The name that a person logs in with.", {
    "type": "string",
    "pattern": "^[a-zA-Z0-9@._-]{2,150}$"
});

written!(Id, "id", "An id: a UUID.", {
    "type": "string",
    "pattern": r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
});

written!(Stack, "stack", "The name of a stack: lower-case letters, digits and `-`.", {
    "type": "string",
    "pattern": r"^[a-z0-9][a-z0-9-]{0,30}$"
});

written!(SlotName, "slot_name", "A name: lower-case letters, digits and `-`.", {
    "type": "string",
    "pattern": r"^[a-z0-9][a-z0-9-]{0,30}$"
});

written!(AccessKeyId, "access_key", "The public half of an API key.", {
    "type": "string",
    "pattern": r"^SCW[0-9A-Z]{17}$"
});

written!(Tag, "tag", "A tag, except for tags that this tool or a Scaleway product writes.", {
    "type": "string",
    "minLength": 1,
    "maxLength": 70,
    "pattern": r"^(?!scw-iam=|iam-managed-)[a-zA-Z0-9._\-/=+@ ]*$"
});

written!(Condition, "condition", "A condition in CEL.", {"type": "string", "minLength": 1, "maxLength": 2048});

impl JsonSchema for Address {
    fn schema_name() -> Cow<'static, str> {
        "address".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pattern = |form: KeyForm| match form {
            KeyForm::Name => "[0-9A-Za-z_().-]+( +[0-9A-Za-z_().-]+)*",
            KeyForm::Email => {
                r"([^@]+@[^@]+|username=[a-zA-Z0-9@._-]{2,150}|id=[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
            }
            KeyForm::Child => "[^/]+/.+",
            KeyForm::Only => "organization",
        };
        let alike = Kind::ALL.chunk_by(|a, b| a.form() == b.form()).map(|kinds| {
            let words: Vec<_> = kinds.iter().map(|kind| kind.word()).collect();
            let words = if kinds.len() == 1 { words.concat() } else { format!("({})", words.join("|")) };
            format!("{words}:{}", pattern(kinds[0].form()))
        });
        let pattern = format!("^({})$", alike.collect::<Vec<_>>().join("|"));
        json_schema!({"description": "An object by kind and name.", "type": "string", "pattern": pattern})
    }
}

written!(PermissionSetName, "permission_set", "A permission set. Editors suggest the published ones; others may exist.", {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": "^[A-Za-z0-9_-]+$"
});

/// Free text.
pub(in crate::config) enum Description {}

written!(Description, "description", "Free text.", {
    "type": "string",
    "maxLength": 200,
    "pattern": r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*$"
});

/// A name, a phone number or a language of a person.
pub(in crate::config) enum ProfileText {}

written!(ProfileText, "profile", "A text in a person's profile.", {
    "type": "string",
    "maxLength": 64,
    "pattern": r"^[^\u0000-\u001f\u007f-\u009f]*$"
});

/// When something ends.
pub(in crate::config) enum Until {}

written!(Until, "until", "A date, which lasts until the midnight UTC at its end, or a time with an offset.", {
    "type": "string",
    "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9]))?$"
});

/// A number of things.
pub(in crate::config) enum Count {}

written!(Count, "count", "A whole number.", {"type": "integer", "minimum": 0, "maximum": 4_294_967_295_u32});

/// A span of time.
pub(in crate::config) enum SpanText {}

written!(SpanText, "span", "A span of time: a number of days, hours or minutes.", {"type": "string", "pattern": "^[1-9][0-9]*[dhm]$"});

/// A span of time, or none.
pub(in crate::config) enum SpanOrNone {}

written!(SpanOrNone, "span_or_none", "A span of time: a number of days, hours or minutes; or `none`.", {"type": "string", "pattern": "^([1-9][0-9]*[dhm]|none)$"});

/// The path of a file that is delivered.
pub(in crate::config) enum DeliveredFile {}

written!(DeliveredFile, "delivered_file", "A path below a folder.", {
    "type": "string",
    "maxLength": 255,
    "pattern": r"^[0-9A-Za-z_][0-9A-Za-z_.-]*(/[0-9A-Za-z_][0-9A-Za-z_.-]*)*$"
});

/// A region.
pub(in crate::config) enum RegionName {}

written!(RegionName, "region", "A region.", {"type": "string", "pattern": "^[0-9a-z-]{1,32}$"});

/// The folder of a secret.
pub(in crate::config) enum SecretFolder {}

written!(SecretFolder, "secret_folder", "A folder of Secret Manager.", {
    "type": "string",
    "pattern": r"^/([0-9A-Za-z_][0-9A-Za-z_.-]{0,254}(/[0-9A-Za-z_][0-9A-Za-z_.-]{0,254})*/?)?$"
});

/// The name of a secret.
pub(in crate::config) enum SecretName {}

written!(SecretName, "secret_name", "The name of a secret.", {
    "type": "string",
    "pattern": r"^[0-9A-Za-z_][0-9A-Za-z_.-]{0,254}$"
});
