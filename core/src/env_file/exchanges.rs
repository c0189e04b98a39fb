//! Which variable names are credentials of an exchange.

/// Where a credential belongs.
pub(super) struct Place {
    pub(super) exchange: &'static str,
    /// `main`, or the account that the name tells, such as `testnet`.
    pub(super) account: String,
    pub(super) field: &'static str,
    pub(super) secret: bool,
}

/// ccxt's exchange ids (4.5.90), some that earlier releases had, and Zerodha. Sorted.
#[rustfmt::skip]
const EXCHANGES: &[&str] = &[
    "alpaca", "apex", "ascendex", "aster", "backpack", "bequant", "bigone", "binance", "binancecoinm", "binanceus",
    "binanceusdm", "bingx", "bit2c", "bitbank", "bitbns", "bitfinex", "bitflyer", "bitget", "bithumb", "bitmart",
    "bitmex", "bitopro", "bitrue", "bitso", "bitstamp", "bitteam", "bittrade", "bitvavo", "blockchaincom", "blofin",
    "btcbox", "btcmarkets", "btcturk", "btse", "bullish", "bybit", "bybiteu", "bybitid", "bydfi", "cex", "coinbase",
    "coinbaseexchange", "coinbaseinternational", "coincheck", "coinex", "coinmate", "coinone", "coinsph", "coinspot",
    "cryptocom", "cryptomus", "deepcoin", "delta", "deribit", "derive", "digifinex", "dydx", "exmo", "extended",
    "fmfwio", "foxbit", "gate", "gateeu", "gemini", "grvt", "hashkey", "hibachi", "hitbtc", "hollaex", "htx",
    "hyperliquid", "independentreserve", "indodax", "kraken", "krakenfutures", "kucoin", "kucoinfutures", "latoken",
    "lbank", "lighter", "luno", "mercado", "mexc", "modetrade", "mudrex", "myokx", "nado", "ndax", "okx", "okxus",
    "onetrading", "p2b", "pacifica", "paradex", "paymium", "phemex", "poloniex", "polymarket", "probit", "revolutx",
    "tokocrypto", "toobit", "upbit", "weex", "whitebit", "woo", "woofipro", "xt", "zaif", "zebpay", "zerodha",
];

/// Other names of exchanges in the table.
const ALIASES: &[(&str, &str)] =
    &[("apca", "alpaca"), ("gateio", "gate"), ("huobi", "htx"), ("kite", "zerodha"), ("okex", "okx")];

/// What an exchange is called now that people know by another name.
pub(crate) fn current_name(alias: &str) -> Option<&'static str> {
    ALIASES.iter().find(|(known, _)| *known == alias).map(|(_, name)| *name)
}

/// Exchanges where ccxt's `privateKey` signs; at the others, what people call the private key is ccxt's `secret`.
#[rustfmt::skip]
const WITH_PRIVATE_KEY: &[&str] = &[
    "aster", "derive", "dydx", "extended", "grvt", "hibachi", "hyperliquid", "lighter", "nado", "pacifica", "paradex",
    "polymarket", "revolutx",
];

/// How a name ends, the field that it is, and whether that is secret.
const FIELDS: &[(&str, &str, bool)] = &[
    ("API_KEY", "api_key", false),
    ("APIKEY", "api_key", false),
    ("KEY", "api_key", false),
    ("API_KEY_ID", "api_key", false),
    ("KEY_ID", "api_key", false),
    ("API_KEY_NAME", "api_key", false),
    ("KEY_NAME", "api_key", false),
    ("ACCESS_KEY", "api_key", false),
    ("PUBLIC_KEY", "api_key", false),
    ("CLIENT_ID", "api_key", false),
    ("SECRET", "secret", true),
    ("API_SECRET", "secret", true),
    ("APISECRET", "secret", true),
    ("SECRET_KEY", "secret", true),
    ("API_SECRET_KEY", "secret", true),
    ("API_KEY_SECRET", "secret", true),
    ("KEY_SECRET", "secret", true),
    ("CLIENT_SECRET", "secret", true),
    ("PRIVATE_KEY", "private_key", true),
    ("API_PRIVATE_KEY", "private_key", true),
    ("WALLET_PRIVATE_KEY", "private_key", true),
    ("PASSWORD", "password", true),
    ("API_PASSWORD", "password", true),
    ("PASSPHRASE", "password", true),
    ("API_PASSPHRASE", "password", true),
    ("UID", "uid", false),
    ("API_UID", "uid", false),
    ("USER_ID", "uid", false),
    ("MEMO", "uid", false),
    ("API_MEMO", "uid", false),
    ("ACCOUNT_ID", "account_id", false),
    ("LOGIN", "login", false),
    ("USERNAME", "login", false),
    ("WALLET_ADDRESS", "wallet_address", false),
    ("ACCOUNT_ADDRESS", "wallet_address", false),
    ("TOTP", "totp", true),
    ("TOTP_SECRET", "totp", true),
    ("TWOFA", "totp", true),
    ("2FA", "totp", true),
    ("2FA_SECRET", "totp", true),
    ("TOKEN", "token", true),
    ("API_TOKEN", "token", true),
    ("ACCESS_TOKEN", "token", true),
];

/// Words that name an account, alone or with a number behind: `TESTNET`, `SUB2`.
#[rustfmt::skip]
const ACCOUNTS: &[&str] = &[
    "ACCOUNT", "BOT", "DEMO", "DEV", "FUTURE", "FUTURES", "LIVE", "MAIN", "MAINNET", "MARGIN", "OPTIONS", "PAPER",
    "PERP", "PROD", "PRODUCTION", "SANDBOX", "SPOT", "STAGING", "SUB", "SUBACCOUNT", "SWAP", "TEST", "TESTNET",
];

/// The longest number of an account.
const MAX_DIGITS: usize = 4;

/// The exchange's entry and field for a variable, if its name is one of a credential. Case does not matter.
pub(super) fn place(variable: &str) -> Option<Place> {
    let name = variable.to_ascii_uppercase();
    let words: Vec<&str> = name.split('_').collect();
    if words.contains(&"") {
        return None;
    }
    // The longest id wins: BINANCE_US_KEY is binanceus's, not an account of binance's. No id is over three words.
    let (exchange, rest) = (1..=3).rev().find_map(|count| {
        let (first, rest) = words.split_at_checked(count)?;
        Some((exchange(&first.concat().to_ascii_lowercase())?, rest))
    })?;
    let (account, field, secret) = before_field(rest).or_else(|| behind_field(rest))?;
    let account = if account.is_empty() { "main".into() } else { account.join("-").to_ascii_lowercase() };
    let field = match field {
        "private_key" if !WITH_PRIVATE_KEY.contains(&exchange) => "secret",
        field => field,
    };
    Some(Place { exchange, account, field, secret })
}

fn exchange(id: &str) -> Option<&'static str> {
    let id = current_name(id).unwrap_or(id);
    EXCHANGES.get(EXCHANGES.binary_search(&id).ok()?).copied()
}

type Found<'a> = (&'a [&'a str], &'static str, bool);

/// `TESTNET_API_KEY` and `API_KEY`: the longest end that is a field, and only account words before it.
fn before_field<'a>(words: &'a [&'a str]) -> Option<Found<'a>> {
    (0..words.len()).find_map(|count| split(words, count, |account, field| (account, field)))
}

/// `API_KEY_TESTNET`.
fn behind_field<'a>(words: &'a [&'a str]) -> Option<Found<'a>> {
    (1..words.len()).rev().find_map(|count| split(words, count, |field, account| (account, field)))
}

/// Splits the words behind the first `count` and says by `order` which half is the account and which the field.
fn split<'a>(
    words: &'a [&'a str],
    count: usize,
    order: impl Fn(&'a [&'a str], &'a [&'a str]) -> (&'a [&'a str], &'a [&'a str]),
) -> Option<Found<'a>> {
    let (first, last) = words.split_at_checked(count)?;
    let (account, field) = order(first, last);
    let field = field.join("_");
    let (_, field, secret) = FIELDS.iter().find(|(spelling, ..)| *spelling == field)?;
    account.iter().all(|word| is_account(word)).then_some((account, field, *secret))
}

fn is_account(word: &str) -> bool {
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = word.len() - letters.len();
    digits <= MAX_DIGITS && (ACCOUNTS.contains(&letters) || letters.is_empty() && digits > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(variable: &str) -> Option<String> {
        place(variable)
            .map(|p| format!("{}/{} {} {}", p.exchange, p.account, p.field, if p.secret { "secret" } else { "info" }))
    }

    #[test]
    fn the_tables_are_sound() {
        assert!(EXCHANGES.is_sorted_by(|a, b| a < b), "binary search needs it");
        assert!(ALIASES.iter().all(|(alias, id)| !EXCHANGES.contains(alias) && EXCHANGES.contains(id)));
        assert!(WITH_PRIVATE_KEY.iter().all(|id| EXCHANGES.contains(id)));
        let mut spellings: Vec<_> = FIELDS.iter().map(|(spelling, ..)| spelling).collect();
        spellings.sort_unstable();
        assert!(spellings.is_sorted_by(|a, b| a < b), "one spelling means one field");
    }

    #[test]
    fn credentials_find_their_place() {
        for (variable, expected) in [
            ("BINANCE_API_KEY", "binance/main api_key info"),
            ("binance_api_key", "binance/main api_key info"),
            ("BINANCE_SECRET", "binance/main secret secret"),
            ("BINANCE_API_SECRET", "binance/main secret secret"),
            ("BINANCE_SECRET_KEY", "binance/main secret secret"),
            ("KRAKEN_PRIVATE_KEY", "kraken/main secret secret"),
            ("KRAKEN_FUTURES_API_KEY", "krakenfutures/main api_key info"),
            ("KRAKENFUTURES_API_KEY", "krakenfutures/main api_key info"),
            ("BINANCE_COIN_M_SECRET", "binancecoinm/main secret secret"),
            ("OKX_PASSPHRASE", "okx/main password secret"),
            ("OKEX_API_PASSPHRASE", "okx/main password secret"),
            ("COINBASE_API_KEY_NAME", "coinbase/main api_key info"),
            ("DERIBIT_CLIENT_ID", "deribit/main api_key info"),
            ("DERIBIT_CLIENT_SECRET", "deribit/main secret secret"),
            ("HYPERLIQUID_PRIVATE_KEY", "hyperliquid/main private_key secret"),
            ("HYPERLIQUID_WALLET_ADDRESS", "hyperliquid/main wallet_address info"),
            ("APCA_API_KEY_ID", "alpaca/main api_key info"),
            ("APCA_API_SECRET_KEY", "alpaca/main secret secret"),
            ("ZERODHA_TOTP_SECRET", "zerodha/main totp secret"),
            ("NDAX_2FA", "ndax/main totp secret"),
            ("NDAX_LOGIN", "ndax/main login info"),
            ("BITMART_MEMO", "bitmart/main uid info"),
            ("BINANCE_TESTNET_API_KEY", "binance/testnet api_key info"),
            ("BINANCE_API_KEY_TESTNET", "binance/testnet api_key info"),
            ("BINANCE_FUTURES_TESTNET_SECRET", "binance/futures-testnet secret secret"),
            ("BINANCE_2_SECRET", "binance/2 secret secret"),
            ("BINANCE_SECRET_2", "binance/2 secret secret"),
            ("BYBIT_SUB1_API_KEY", "bybit/sub1 api_key info"),
            ("BYBIT_MAIN_API_KEY", "bybit/main api_key info"),
        ] {
            assert_eq!(placed(variable).as_deref(), Some(expected), "{variable}");
        }
    }

    #[test]
    fn other_names_are_no_credentials_of_an_exchange() {
        for variable in [
            "",
            "_",
            "BINANCE",
            "BINANCE_",
            "_BINANCE_API_KEY",
            "BINANCE__API_KEY",
            "BINANCEAPI_KEY",
            "BINANCE_TESTNET",
            "BINANCE_URL",
            "BINANCE_API_KEY_FILE",
            "BINANCE_TESTNET_API_KEY_2",
            "BINANCE_12345_API_KEY",
            "KRAKEN_DB_PASSWORD",
            "TELEGRAM_BOT_TOKEN",
            "API_KEY",
            "SECRET",
            "MY_BINANCE_API_KEY",
            "BİNANCE_API_KEY",
        ] {
            assert_eq!(placed(variable), None, "{variable}");
        }
    }
}
