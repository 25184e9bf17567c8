//! Which setting wins, and what is refused.
use super::*;

const ORG: &str = "105bdce1-64c0-48ab-899d-868455867ecf";
const OTHER: &str = "6b1f0000-0000-4000-8000-000000000001";
const SECRET: &str = "5ec7e700-0000-4000-8000-000000000000";
const KEY: &str = "SCWXXXXXXXXXXXXXXXXX";

const CONFIG: &str = "
access_key: SCWROOT0000000000000
secret_key: 00000000-0000-4000-8000-000000000000
default_organization_id: 105bdce1-64c0-48ab-899d-868455867ecf
default_region: fr-par
send_telemetry: true
profiles:
  work:
    secret_key: 11111111-1111-4111-8111-111111111111
    api_url: https://work.example.com
    insecure: true
  empty:
";

fn with(variables: &[(&str, &str)], files: &[(&str, &str)]) -> Result<ResolvedSettings, SettingsError> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    resolve(&variables, &|path| {
        let file = files.iter().find(|(name, _)| Path::new(name) == path);
        let (_, text) = file.ok_or(io::ErrorKind::NotFound)?;
        Ok(ConfigFile { text: (*text).to_owned(), mode: Some(0o100_600) })
    })
}

fn at_home(extra: &[(&str, &str)], text: &str) -> Result<ResolvedSettings, SettingsError> {
    let variables: Vec<_> = [("HOME", "/h")].into_iter().chain(extra.iter().copied()).collect();
    with(&variables, &[("/h/.config/scw/config.yaml", text)])
}

fn secret(resolved: &ResolvedSettings) -> &str {
    resolved.settings.secret_key.as_ref().map(Secret::expose).unwrap_or_default()
}

fn access_key(resolved: &ResolvedSettings) -> &str {
    resolved.settings.access_key.as_ref().map(AccessKey::as_str).unwrap_or_default()
}

fn refusal(result: Result<ResolvedSettings, SettingsError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn nothing_set_is_the_public_api_without_credentials() {
    let found = with(&[], &[]).unwrap();
    assert_eq!(found.settings.api_url, API_URL);
    assert!(!found.settings.insecure && found.warnings.is_empty());
    assert!(matches!(found.settings.client(ORG.parse().unwrap()), Err(SettingsError::NoSecretKey)));
    assert!(matches!(found.settings.organization(), Err(SettingsError::NoOrganization)));
    assert!(matches!(found.settings.access_key(), Err(SettingsError::NoAccessKey)));
}

#[test]
fn a_variable_wins_over_the_profile_key_by_key() {
    let found = at_home(&[("SCW_SECRET_KEY", SECRET)], CONFIG).unwrap();
    assert_eq!(secret(&found), SECRET);
    assert_eq!(access_key(&found), "SCWROOT0000000000000");
    assert_eq!(found.settings.default_organization_id, Some(ORG.parse().unwrap()));
}

#[test]
fn a_profile_is_the_root_with_its_own_keys_laid_over_it() {
    let work = at_home(&[("SCW_PROFILE", "work")], CONFIG).unwrap();
    assert_eq!(secret(&work), "11111111-1111-4111-8111-111111111111");
    assert_eq!(access_key(&work), "SCWROOT0000000000000");
    assert_eq!(work.settings.api_url, "https://work.example.com");
    assert!(work.settings.insecure);
    assert_eq!(work.warnings, [Warning::Insecure]);
    let empty = at_home(&[("SCW_PROFILE", "empty")], CONFIG).unwrap();
    assert_eq!(secret(&empty), "00000000-0000-4000-8000-000000000000");
}

#[test]
fn the_profile_is_the_variables_then_the_active_one_then_the_root() {
    let active = format!("active_profile: work\n{CONFIG}");
    let api_url = |extra: &[(&str, &str)], text: &str| at_home(extra, text).unwrap().settings.api_url;
    assert_eq!(api_url(&[], CONFIG), API_URL);
    assert_eq!(api_url(&[], &active), "https://work.example.com");
    assert_eq!(api_url(&[("SCW_PROFILE", "")], &active), "https://work.example.com");
    assert_eq!(api_url(&[("SCW_PROFILE", "default")], &active), API_URL, "`default` is the root");
    assert_eq!(api_url(&[("SCW_PROFILE", "empty")], &active), API_URL);
}

#[test]
fn a_profile_that_is_not_there_is_an_error_with_and_without_a_file() {
    assert_eq!(
        refusal(at_home(&[("SCW_PROFILE", "off")], CONFIG)),
        "given profile off does not exist in /h/.config/scw/config.yaml"
    );
    assert!(refusal(with(&[("SCW_PROFILE", "off"), ("HOME", "/h")], &[])).contains("off does not exist"));
    assert!(refusal(at_home(&[], "active_profile: off")).contains("off does not exist"));
}

#[test]
fn the_file_is_looked_for_where_the_official_tools_look() {
    let files =
        |folder: &str, name: &str| (format!("{folder}/scw/{name}"), format!("user_agent: {folder}/{name}"));
    let [xdg, xdg_yml] = [files("/x", "config.yaml"), files("/x", "config.yml")];
    let [home, user] = [files("/h/.config", "config.yaml"), files("/u/.config", "config.yaml")];
    let named = ("/n.yaml".to_owned(), "user_agent: named".to_owned());
    let found = |variables: &[(&str, &str)], files: &[&(String, String)]| {
        let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        with(variables, &files).unwrap().settings.user_agent.unwrap_or_default()
    };
    let all = [&xdg, &xdg_yml, &home, &user, &named];
    let everywhere =
        [("SCW_CONFIG_PATH", "/n.yaml"), ("XDG_CONFIG_HOME", "/x"), ("HOME", "/h"), ("USERPROFILE", "/u")];
    assert_eq!(found(&everywhere, &all), "named");
    assert_eq!(found(&everywhere[1..], &all), "/x/config.yaml");
    assert_eq!(found(&everywhere[1..], &[&xdg_yml, &home]), "/x/config.yml");
    assert_eq!(found(&everywhere[2..], &all), "/h/.config/config.yaml");
    assert_eq!(found(&everywhere[3..], &all), "/u/.config/config.yaml");
    assert_eq!(found(&[("SCW_CONFIG_PATH", ""), ("HOME", "/h")], &all), "/h/.config/config.yaml");
}

#[test]
fn a_named_file_that_is_missing_is_a_warning_and_one_that_cannot_be_read_an_error() {
    let found = with(&[("SCW_CONFIG_PATH", "/gone.yml"), ("SCW_SECRET_KEY", SECRET)], &[]).unwrap();
    assert_eq!(found.warnings, [Warning::NoFile { path: "/gone.yml".to_owned() }]);
    assert_eq!(secret(&found), SECRET);
    let variables = BTreeMap::from([("SCW_CONFIG_PATH".to_owned(), "/x".to_owned())]);
    let denied = resolve(&variables, &|_| Err(io::ErrorKind::PermissionDenied.into()));
    assert_eq!(refusal(denied), "cannot read config file /x");
}

#[test]
fn a_file_that_others_may_read_draws_a_warning() {
    let variables = BTreeMap::from([("SCW_CONFIG_PATH".to_owned(), "/x".to_owned())]);
    let with_mode =
        |mode| resolve(&variables, &|_| Ok(ConfigFile { text: String::new(), mode })).unwrap().warnings;
    assert_eq!(with_mode(Some(0o100_644)), [Warning::OpenFile { path: "/x".to_owned(), mode: 0o644 }]);
    assert!(with_mode(Some(0o100_600)).is_empty());
    assert!(with_mode(Some(0o100_400)).is_empty());
    assert!(with_mode(None).is_empty());
}

#[test]
fn older_names_are_read_with_a_warning_and_today_s_win() {
    let old = |old, new| Warning::OldName { old, new };
    let found =
        with(&[("SCW_TOKEN", SECRET), ("SCW_ORGANIZATION", ORG), ("SCW_REGION", "par1")], &[]).unwrap();
    assert_eq!(secret(&found), SECRET);
    assert_eq!(found.settings.default_region.as_deref(), Some("fr-par"));
    assert_eq!(
        found.warnings,
        [
            old("SCW_ORGANIZATION", "SCW_DEFAULT_ORGANIZATION_ID"),
            old("SCW_REGION", "SCW_DEFAULT_REGION"),
            Warning::OldRegion { old: "par1", new: "fr-par" },
            old("SCW_TOKEN", "SCW_SECRET_KEY"),
        ]
    );
    let both = [("SCW_TOKEN", OTHER), ("SCALEWAY_TOKEN", OTHER), ("SCW_SECRET_KEY", SECRET)];
    let found = with(&both, &[]).unwrap();
    assert_eq!((secret(&found), found.warnings.len()), (SECRET, 0));
    let order = [("SCALEWAY_TOKEN", OTHER), ("SCW_TOKEN", SECRET)];
    assert_eq!(secret(&with(&order, &[]).unwrap()), SECRET);
}

#[test]
fn the_old_access_key_variable_also_stands_for_the_secret_key() {
    let found = with(&[("SCW_ACCESS_KEY", KEY), ("SCALEWAY_ACCESS_KEY", SECRET)], &[]).unwrap();
    assert_eq!((access_key(&found), secret(&found)), (KEY, SECRET));
}

#[test]
fn a_set_and_empty_value_is_an_error_and_no_fallback() {
    for (name, what) in [
        ("SCW_ACCESS_KEY", "access key"),
        ("SCW_SECRET_KEY", "secret key"),
        ("SCW_DEFAULT_ORGANIZATION_ID", "default organization ID"),
        ("SCW_DEFAULT_PROJECT_ID", "default project ID"),
        ("SCW_DEFAULT_REGION", "default region"),
        ("SCW_DEFAULT_ZONE", "default zone"),
        ("SCW_API_URL", "API URL"),
    ] {
        let shown = refusal(at_home(&[(name, "")], CONFIG));
        assert_eq!(shown, format!("{what} cannot be empty (variable {name})"));
    }
    let shown = refusal(at_home(&[], "secret_key: ''"));
    assert_eq!(shown, "secret key cannot be empty (secret_key in /h/.config/scw/config.yaml)");
}

#[test]
fn a_value_in_a_wrong_form_is_refused_without_telling_it() {
    for (name, value) in [
        ("SCW_ACCESS_KEY", "5ec7e7-in-the-wrong-place"),
        ("SCW_ACCESS_KEY", "SCWxxxxxxxxxxxxxxxxx"),
        ("SCW_SECRET_KEY", "5ec7e7"),
        ("SCW_DEFAULT_ORGANIZATION_ID", "5ec7e7"),
        ("SCW_DEFAULT_PROJECT_ID", "5ec7e70000000000000000000000000000000"),
        ("SCW_DEFAULT_REGION", "fr-par-5ec7e7"),
        ("SCW_DEFAULT_ZONE", "fr-par"),
        ("SCW_API_URL", "https://api.example.com/5ec7e7/"),
        ("SCW_API_URL", "5ec7e7.example.com"),
    ] {
        let shown = refusal(with(&[(name, value)], &[]));
        assert!(shown.starts_with("invalid ") && shown.contains(name), "{shown}");
        assert!(!shown.contains(value) && !shown.contains("5ec7e7"), "{shown}");
    }
    let zone = with(&[("SCW_DEFAULT_ZONE", "pl-waw-2"), ("SCW_DEFAULT_PROJECT_ID", ORG)], &[]).unwrap();
    assert_eq!(zone.settings.default_zone.as_deref(), Some("pl-waw-2"));
}

#[test]
fn a_broken_file_is_not_quoted() {
    let shown = format!("{:?}", at_home(&[], "secret_key: [5ec7e7").unwrap_err());
    assert!(shown.contains("Invalid") && !shown.contains("5ec7e7"), "{shown}");
    let shown = refusal(at_home(&[], "access_key: a\nsecret_key: {5ec7e7: 1}"));
    assert!(shown.contains("line 2") && !shown.contains("5ec7e7"), "{shown}");
}

#[test]
fn an_empty_file_is_no_settings() {
    for text in ["", "# nothing\n", "---\n", "profiles:\n"] {
        assert!(at_home(&[], text).unwrap().settings.secret_key.is_none(), "{text:?}");
    }
}

#[test]
fn insecure_is_read_as_go_reads_booleans_and_its_older_name_upside_down() {
    let insecure = |name, value| {
        let found = with(&[(name, value)], &[]).unwrap();
        (found.settings.insecure, found.warnings.contains(&Warning::NoBoolean { variable: name }))
    };
    for yes in ["1", "t", "T", "true", "TRUE", "True"] {
        assert_eq!(insecure("SCW_INSECURE", yes), (true, false), "{yes}");
        assert_eq!(insecure("SCW_TLSVERIFY", yes), (false, false), "{yes}");
    }
    for no in ["0", "f", "F", "false", "FALSE", "False"] {
        assert_eq!(insecure("SCW_INSECURE", no), (false, false), "{no}");
        assert_eq!(insecure("SCW_TLSVERIFY", no), (true, false), "{no}");
    }
    for odd in ["", "yes", "tRUE", " 1"] {
        assert_eq!(insecure("SCW_INSECURE", odd), (false, true), "{odd}");
        assert_eq!(insecure("SCW_TLSVERIFY", odd), (false, true), "{odd}");
    }
    assert!(!at_home(&[("SCW_PROFILE", "work"), ("SCW_INSECURE", "0")], CONFIG).unwrap().settings.insecure);
}

#[test]
fn an_address_without_tls_draws_a_warning_unless_it_is_this_machine() {
    let warnings = |url| with(&[("SCW_API_URL", url)], &[]).unwrap().warnings;
    assert_eq!(warnings("http://api.example.com"), [Warning::ClearText]);
    for fine in
        ["https://api.example.com/scw", "http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:2"]
    {
        assert!(warnings(fine).is_empty(), "{fine}");
    }
}

#[test]
fn settings_make_a_client_and_do_not_show_the_secret() {
    let found = with(&[("SCW_SECRET_KEY", SECRET), ("SCW_USER_AGENT", "ci/1")], &[]).unwrap();
    assert!(found.settings.client(ORG.parse().unwrap()).unwrap().build().is_ok());
    assert!(!format!("{found:?}").contains("5ec7e7"));
}

#[test]
fn every_variable_that_is_asked_for_is_taken_from_the_real_environment() {
    for names in [ACCESS_KEY, SECRET_KEY, ORGANIZATION, PROJECT, REGION, ZONE, URL, INSECURE] {
        for name in names {
            assert!(VARIABLES.contains(name), "{name}");
        }
    }
}
