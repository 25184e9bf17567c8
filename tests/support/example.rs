// The hidden beginning of every example in the docs: an emulator with a small organization, and a client of it.

/// Starts the emulator. It ends when it is dropped.
async fn example() -> Result<(scw_iam::emulator::Emulator, scw_iam::api::Client), Box<dyn std::error::Error>> {
    let state: serde_json::Value =
        serde_json::from_str(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.json")))?;
    let options = scw_iam::emulator::EmulatorOptions { state: Some(state), ..Default::default() };
    let emulator = scw_iam::emulator::start(options).await?;
    let secret = scw_iam::api::Secret::new("11111111-1111-1111-1111-111111111111");
    let organization = "105bdce1-64c0-48ab-899d-868455867ecf".parse()?;
    let client = scw_iam::api::Client::builder(secret, organization).api_url(emulator.url()).build()?;
    Ok((emulator, client))
}
