//! The table of exchanges: a row says all that an exchange wants, and where its own documentation says so.
//!
//! To check a row, read it beside the page that it names. How a row is written is in the documentation of
//! [`crate::signing`], under "A recipe of your own": a user's recipe has the same members.

use super::key::Algorithm::{Ed25519, Eip712, Es256, HmacSha256, HmacSha384, HmacSha512, RsaSha256};
use super::key::SecretForm::{Base64 as Base64Secret, Text};
use super::recipe::Encoding::{Base64, Base64Url, Hex, Rsv};
use super::recipe::Nonce::{self, Counter, Uuid};
use super::recipe::Place::{Body, Params, Query};
use super::recipe::Row;
use super::recipe::Time::{IsoMilliseconds, IsoSeconds, Seconds};

const MILLISECONDS: Option<Nonce> = Some(Counter { per_second: 1000 });
const MICROSECONDS: Option<Nonce> = Some(Counter { per_second: 1_000_000 });

/// What Hyperliquid's exchange signs for an action (its "L1 action"): a hash of it, as an agent's typed data.
const HYPERLIQUID: Row<'_> = Row {
    source: "https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/signing",
    host: "https://api.hyperliquid.xyz",
    secret: "private_key",
    schemes: &[(Eip712, Text, Rsv)],
    nonce: MILLISECONDS,
    body: Some(r#"{"action":<given:object>,"nonce":<nonce>,"signature":<signature><vault><expires_after>}"#),
    parts: &[
        ("type", "<given.type>", ""), // every action has one, and a request around an action has none
        (
            "action",
            "<given:msgpack><nonce:u64><value.vault_address?:option_address><value.expires_after?:option_u64>",
            "",
        ),
        ("vault", r#","vaultAddress":<value.vault_address?:json>"#, "value.vault_address?"),
        ("expires_after", r#","expiresAfter":<value.expires_after?>"#, "value.expires_after?"),
    ],
    ..Row::NEW
};
/// Typed data (EIP-712) for Hyperliquid: its domain, a type by name with its members, and a message.
macro_rules! hyperliquid {
    ($domain:literal, $chain:literal, $type:literal, [$($member:literal: $of:literal),*], $message:expr) => {
        concat!(
            r#"{"domain":{"name":""#, $domain, r#"","version":"1","chainId":"#, $chain,
            r#","verifyingContract":"0x0000000000000000000000000000000000000000"},"types":{"EIP712Domain":["#,
            r#"{"name":"name","type":"string"},{"name":"version","type":"string"},"#,
            r#"{"name":"chainId","type":"uint256"},{"name":"verifyingContract","type":"address"}],""#, $type, r#"":["#,
            hyperliquid!(@members $($member: $of),*),
            r#"]},"primaryType":""#, $type, r#"","message":"#, $message, "}"
        )
    };
    (@members $member:literal: $of:literal $(, $more:literal: $of_more:literal)*) => {
        concat!(
            r#"{"name":""#, $member, r#"","type":""#, $of, r#""}"#,
            $(r#",{"name":""#, $more, r#"","type":""#, $of_more, r#""}"#),*
        )
    };
}

/// What an agent signs in the place of an action; `$source` is `a` on the main net and `b` on the test net.
macro_rules! hyperliquid_agent {
    ($source:literal) => {
        hyperliquid!(
            "Exchange",
            "1337",
            "Agent",
            ["source": "string", "connectionId": "bytes32"],
            concat!(r#"{"source":""#, $source, r#"","connectionId":"0x<action:keccak256:hex>"}"#)
        )
    };
}

/// A row for an action that moves funds or changes who may do what, which the account's owner signs member by member.
macro_rules! hyperliquid_transaction {
    ($exchange:literal, $type:literal, $nonce:literal, [$($member:literal: $of:literal),*]) => {
        Row {
            exchange: $exchange,
            source: HYPERLIQUID.source,
            host: HYPERLIQUID.host,
            secret: HYPERLIQUID.secret,
            schemes: HYPERLIQUID.schemes,
            message: hyperliquid!(
                "HyperliquidSignTransaction",
                r#""<given.signatureChainId>""#,
                $type,
                ["hyperliquidChain": "string", $($member: $of),*],
                "<given:object>"
            ),
            body: Some(concat!(
                r#"{"action":<given:object>,"nonce":<given."#, $nonce, r#">,"signature":<signature>}"#
            )),
            ..Row::NEW
        }
    };
}

/// Sorted by name. `<exchange>/websocket` is the message of a login there.
pub(super) const ROWS: &[Row<'_>] = &[
    Row {
        exchange: "alpaca",
        source: "https://docs.alpaca.markets/docs/authentication-1",
        host: "https://api.alpaca.markets",
        headers: &[("APCA-API-KEY-ID", "<entry.api_key>"), ("APCA-API-SECRET-KEY", "<entry.secret>")],
        ..Row::NEW
    },
    Row {
        exchange: "backpack",
        source: "https://docs.backpack.exchange/#section/Authentication/Signing-requests",
        host: "https://api.backpack.exchange",
        schemes: &[(Ed25519, Text, Base64)],
        parts: &[("asked", "<params:form:sorted>", ""), ("sorted", "&<asked>", "asked")],
        message: "instruction=<value.instruction><sorted>&timestamp=<timestamp>&window=5000",
        headers: &[
            ("X-API-Key", "<entry.api_key>"),
            ("X-Signature", "<signature>"),
            ("X-Timestamp", "<timestamp>"),
            ("X-Window", "5000"),
        ],
        ..Row::NEW
    },
    Row { exchange: "binance", host: "https://api.binance.com", ..BINANCE },
    Row {
        exchange: "binance/websocket",
        source: "https://developers.binance.com/docs/binance-spot-api-docs/websocket-api/authentication-requests",
        host: "wss://ws-api.binance.com:443/ws-api/v3",
        schemes: &[(Ed25519, Text, Base64)],
        nonce: Some(Uuid),
        message: "apiKey=<entry.api_key>&timestamp=<timestamp>",
        body: Some(concat!(
            r#"{"id":<nonce:json>,"method":"session.logon","params":{"apiKey":<entry.api_key:json>,"#,
            r#""signature":"<signature>","timestamp":<timestamp>}}"#
        )),
        ..Row::NEW
    },
    Row { exchange: "binancecoinm", host: "https://dapi.binance.com", ..BINANCE },
    Row { exchange: "binanceus", host: "https://api.binance.us", ..BINANCE },
    Row { exchange: "binanceusdm", host: "https://fapi.binance.com", ..BINANCE },
    Row {
        exchange: "bitfinex",
        source: "https://docs.bitfinex.com/docs/rest-auth",
        host: "https://api.bitfinex.com",
        schemes: &[(HmacSha384, Text, Hex)],
        nonce: MICROSECONDS,
        message: "/api<path><nonce><body>",
        headers: &[("bfx-nonce", "<nonce>"), ("bfx-apikey", "<entry.api_key>"), ("bfx-signature", "<signature>")],
        ..Row::NEW
    },
    Row {
        exchange: "bitfinex/websocket",
        source: "https://docs.bitfinex.com/docs/ws-auth",
        host: "wss://api.bitfinex.com/ws/2",
        schemes: &[(HmacSha384, Text, Hex)],
        nonce: MICROSECONDS,
        message: "AUTH<nonce>",
        body: Some(concat!(
            r#"{"event":"auth","apiKey":<entry.api_key:json>,"authSig":"<signature>","#,
            r#""authPayload":"AUTH<nonce>","authNonce":"<nonce>"}"#
        )),
        ..Row::NEW
    },
    Row {
        exchange: "bitget",
        source: "https://www.bitget.com/api-doc/common/signature",
        host: "https://api.bitget.com",
        schemes: &[(HmacSha256, Text, Base64)],
        parts: &[("asked", "?<query:decoded>", "query")],
        message: "<timestamp><method><path><asked><body>",
        headers: &[
            ("ACCESS-KEY", "<entry.api_key>"),
            ("ACCESS-SIGN", "<signature>"),
            ("ACCESS-TIMESTAMP", "<timestamp>"),
            ("ACCESS-PASSPHRASE", "<entry.password>"),
        ],
        ..Row::NEW
    },
    Row {
        exchange: "bitget/websocket",
        source: "https://www.bitget.com/api-doc/common/websocket-intro",
        host: "wss://ws.bitget.com/v2/ws/private",
        schemes: &[(HmacSha256, Text, Base64)],
        time: Seconds,
        message: "<timestamp>GET/user/verify",
        body: Some(concat!(
            r#"{"op":"login","args":[{"apiKey":<entry.api_key:json>,"passphrase":<entry.password:json>,"#,
            r#""timestamp":"<timestamp>","sign":"<signature>"}]}"#
        )),
        ..Row::NEW
    },
    Row {
        exchange: "bithumb",
        source: "https://apidocs.bithumb.com/docs/인증-헤더-만들기",
        host: "https://api.bithumb.com",
        schemes: &[(HmacSha256, Text, Base64Url)],
        nonce: Some(Uuid),
        parts: &[
            ("asked", "<params:form>", ""),
            ("hash", r#","query_hash":"<asked:sha512:hex>","query_hash_alg":"SHA512""#, "asked"),
            ("head", r#"{"alg":"<alg>","typ":"JWT"}"#, ""),
            ("claims", r#"{"access_key":<entry.api_key:json>,"nonce":<nonce:json>,"timestamp":<timestamp><hash>}"#, ""),
        ],
        message: "<head:base64url>.<claims:base64url>",
        headers: &[("Authorization", "Bearer <message>.<signature>")],
        ..Row::NEW
    },
    Row {
        exchange: "bitstamp",
        source: "https://www.bitstamp.net/api/#section/Authentication",
        host: "https://www.bitstamp.net",
        schemes: &[(HmacSha256, Text, Hex)],
        nonce: Some(Uuid),
        message: "BITSTAMP <entry.api_key><method><host><path_query><content_type><nonce><timestamp>v2<body>",
        headers: &[
            ("X-Auth", "BITSTAMP <entry.api_key>"),
            ("X-Auth-Signature", "<signature>"),
            ("X-Auth-Nonce", "<nonce>"),
            ("X-Auth-Timestamp", "<timestamp>"),
            ("X-Auth-Version", "v2"),
        ],
        ..Row::NEW
    },
    Row {
        exchange: "bitvavo",
        source: "https://docs.bitvavo.com/docs/authentication/",
        host: "https://api.bitvavo.com",
        schemes: &[(HmacSha256, Text, Hex)],
        message: "<timestamp><method><path_query><body>",
        headers: &[
            ("BITVAVO-ACCESS-KEY", "<entry.api_key>"),
            ("BITVAVO-ACCESS-SIGNATURE", "<signature>"),
            ("BITVAVO-ACCESS-TIMESTAMP", "<timestamp>"),
            ("BITVAVO-ACCESS-WINDOW", "10000"),
        ],
        ..Row::NEW
    },
    Row {
        exchange: "bitvavo/websocket",
        source: "https://docs.bitvavo.com/docs/websocket-api/authentication/",
        host: "wss://ws.bitvavo.com/v2/",
        schemes: &[(HmacSha256, Text, Hex)],
        message: "<timestamp>GET/v2/websocket",
        body: Some(concat!(
            r#"{"action":"authenticate","key":<entry.api_key:json>,"signature":"<signature>","#,
            r#""timestamp":<timestamp>}"#
        )),
        ..Row::NEW
    },
    Row {
        exchange: "bybit",
        source: "https://bybit-exchange.github.io/docs/v5/guide#authentication",
        host: "https://api.bybit.com",
        schemes: &[(HmacSha256, Text, Hex), (RsaSha256, Text, Base64)],
        message: "<timestamp><entry.api_key>5000<query><body>",
        headers: &[
            ("X-BAPI-API-KEY", "<entry.api_key>"),
            ("X-BAPI-TIMESTAMP", "<timestamp>"),
            ("X-BAPI-RECV-WINDOW", "5000"),
            ("X-BAPI-SIGN", "<signature>"),
        ],
        ..Row::NEW
    },
    Row {
        exchange: "bybit/websocket",
        source: "https://bybit-exchange.github.io/docs/v5/ws/connect#authentication",
        host: "wss://stream.bybit.com/v5/private",
        schemes: &[(HmacSha256, Text, Hex), (RsaSha256, Text, Base64)],
        expires_seconds: 10,
        message: "GET/realtime<expires>",
        body: Some(r#"{"op":"auth","args":[<entry.api_key:json>,<expires>,"<signature>"]}"#),
        ..Row::NEW
    },
    Row {
        exchange: "coinbase",
        source: "https://docs.cdp.coinbase.com/get-started/authentication/jwt-authentication",
        host: "https://api.coinbase.com",
        schemes: &[(Es256, Text, Base64Url), (Ed25519, Text, Base64Url)],
        time: Seconds,
        expires_seconds: 120,
        nonce: Some(Nonce::Hex),
        parts: &[
            ("head", r#"{"alg":"<alg>","typ":"JWT","kid":<entry.api_key:json>,"nonce":<nonce:json>}"#, ""),
            ("uri", "<method> <host><path>", ""),
            (
                "claims",
                concat!(
                    r#"{"sub":<entry.api_key:json>,"iss":"cdp","nbf":<timestamp>,"exp":<expires>,"#,
                    r#""uri":<uri:json>}"#
                ),
                "",
            ),
        ],
        message: "<head:base64url>.<claims:base64url>",
        headers: &[("Authorization", "Bearer <message>.<signature>")],
        ..Row::NEW
    },
    Row {
        exchange: "coinbase-legacy",
        source: "https://docs.cdp.coinbase.com/coinbase-app/authentication-authorization/api-key-authentication",
        host: "https://api.coinbase.com",
        schemes: &[(HmacSha256, Text, Hex)],
        time: Seconds,
        message: "<timestamp><method><path><body>",
        headers: &[
            ("CB-ACCESS-KEY", "<entry.api_key>"),
            ("CB-ACCESS-SIGN", "<signature>"),
            ("CB-ACCESS-TIMESTAMP", "<timestamp>"),
        ],
        ..Row::NEW
    },
    Row {
        exchange: "coinbase-v2",
        source: "https://docs.cdp.coinbase.com/coinbase-app/authentication-authorization/api-key-authentication",
        host: "https://api.coinbase.com",
        schemes: &[(HmacSha256, Text, Hex)],
        time: Seconds,
        message: "<timestamp><method><path_query><body>",
        headers: &[
            ("CB-ACCESS-KEY", "<entry.api_key>"),
            ("CB-ACCESS-SIGN", "<signature>"),
            ("CB-ACCESS-TIMESTAMP", "<timestamp>"),
        ],
        ..Row::NEW
    },
    Row {
        exchange: "coinbaseexchange",
        source: "https://docs.cdp.coinbase.com/exchange/rest-api/authentication",
        host: "https://api.exchange.coinbase.com",
        schemes: &[(HmacSha256, Base64Secret, Base64)],
        time: Seconds,
        message: "<timestamp><method><path_query><body>",
        headers: &[
            ("CB-ACCESS-KEY", "<entry.api_key>"),
            ("CB-ACCESS-SIGN", "<signature>"),
            ("CB-ACCESS-TIMESTAMP", "<timestamp>"),
            ("CB-ACCESS-PASSPHRASE", "<entry.password>"),
        ],
        ..Row::NEW
    },
    Row {
        exchange: "cryptocom",
        source: "https://exchange-docs.crypto.com/exchange/v1/rest-ws/index.html#digital-signature",
        host: "https://api.crypto.com",
        base: "/exchange/v1/",
        schemes: &[(HmacSha256, Text, Hex)],
        nonce: MILLISECONDS,
        message: "<route><nonce><entry.api_key><given:flat><nonce>",
        body: Some(concat!(
            r#"{"id":<nonce>,"method":<route:json>,"params":<given:object>,"api_key":<entry.api_key:json>,"#,
            r#""sig":"<signature>","nonce":<nonce>}"#
        )),
        ..Row::NEW
    },
    Row {
        exchange: "cryptocom/websocket",
        source: "https://exchange-docs.crypto.com/exchange/v1/rest-ws/index.html#public-auth",
        host: "wss://stream.crypto.com/exchange/v1/user",
        schemes: &[(HmacSha256, Text, Hex)],
        nonce: MILLISECONDS,
        message: "public/auth<nonce><entry.api_key><nonce>",
        body: Some(concat!(
            r#"{"id":<nonce>,"method":"public/auth","api_key":<entry.api_key:json>,"sig":"<signature>","#,
            r#""nonce":<nonce>}"#
        )),
        ..Row::NEW
    },
    Row {
        exchange: "deribit",
        source: "https://docs.deribit.com/#authentication",
        host: "https://www.deribit.com",
        schemes: &[(HmacSha256, Text, Hex)],
        nonce: MILLISECONDS,
        message: "<timestamp>\n<nonce>\n<method>\n<path_query>\n<body>\n",
        headers: &[(
            "Authorization",
            "deri-hmac-sha256 id=<entry.api_key>,ts=<timestamp>,sig=<signature>,nonce=<nonce>",
        )],
        ..Row::NEW
    },
    Row {
        exchange: "deribit/websocket",
        source: "https://docs.deribit.com/#public-auth",
        host: "wss://www.deribit.com/ws/api/v2",
        schemes: &[(HmacSha256, Text, Hex)],
        nonce: MILLISECONDS,
        message: "<timestamp>\n<nonce>\n",
        body: Some(concat!(
            r#"{"jsonrpc":"2.0","id":<nonce>,"method":"public/auth","params":{"grant_type":"client_signature","#,
            r#""client_id":<entry.api_key:json>,"timestamp":<timestamp>,"signature":"<signature>","#,
            r#""nonce":"<nonce>","data":""}}"#
        )),
        ..Row::NEW
    },
    Row {
        exchange: "gate",
        source: "https://www.gate.com/docs/developers/apiv4/en/#apiv4-signed-request-requirements",
        host: "https://api.gateio.ws",
        schemes: &[(HmacSha512, Text, Hex)],
        time: Seconds,
        message: "<method>\n<path>\n<query:decoded>\n<body:sha512:hex>\n<timestamp>",
        headers: &[("KEY", "<entry.api_key>"), ("Timestamp", "<timestamp>"), ("SIGN", "<signature>")],
        ..Row::NEW
    },
    Row {
        exchange: "gate/websocket",
        source: "https://www.gate.com/docs/developers/apiv4/ws/en/#account-login",
        host: "wss://api.gateio.ws/ws/v4/",
        schemes: &[(HmacSha512, Text, Hex)],
        time: Seconds,
        nonce: Some(Uuid),
        message: "api\nspot.login\n{}\n<timestamp>",
        body: Some(concat!(
            r#"{"time":<timestamp>,"channel":"spot.login","event":"api","payload":{"req_id":<nonce:json>,"#,
            r#""api_key":<entry.api_key:json>,"signature":"<signature>","timestamp":"<timestamp>","req_param":{}}}"#
        )),
        ..Row::NEW
    },
    Row {
        exchange: "gemini",
        source: "https://docs.gemini.com/rest/authentication",
        host: "https://api.gemini.com",
        schemes: &[(HmacSha384, Text, Hex)],
        nonce: MILLISECONDS,
        parts: &[("payload", r#"{"request":<path:json>,"nonce":"<nonce>"<given:members>}"#, "")],
        body: Some(""),
        message: "<payload:base64>",
        headers: &[
            ("Content-Type", "text/plain"),
            ("X-GEMINI-APIKEY", "<entry.api_key>"),
            ("X-GEMINI-PAYLOAD", "<payload:base64>"),
            ("X-GEMINI-SIGNATURE", "<signature>"),
        ],
        ..Row::NEW
    },
    Row {
        exchange: "htx",
        source: "https://www.htx.com/en-us/opend/newApiPages/?id=419",
        host: "https://api.huobi.pro",
        schemes: &[(HmacSha256, Text, Base64)],
        time: IsoSeconds,
        add: &[
            (Query, "Timestamp", "<timestamp>"),
            (Query, "SignatureVersion", "2"),
            (Query, "SignatureMethod", "HmacSHA256"),
            (Query, "AccessKeyId", "<entry.api_key>"),
        ],
        sort_query: true,
        message: "<method>\n<host>\n<path>\n<query>",
        append: &[(Query, "Signature", "<signature>")],
        ..Row::NEW
    },
    Row {
        exchange: "htx/websocket",
        source: "https://www.htx.com/en-us/opend/newApiPages/?id=662",
        host: "wss://api.huobi.pro/ws/v2",
        schemes: &[(HmacSha256, Text, Base64)],
        time: IsoSeconds,
        message: concat!(
            "GET\n<host>\n<path>\naccessKey=<entry.api_key:percent>&signatureMethod=HmacSHA256&",
            "signatureVersion=2.1&timestamp=<timestamp:percent>"
        ),
        body: Some(concat!(
            r#"{"action":"req","ch":"auth","params":{"authType":"api","accessKey":<entry.api_key:json>,"#,
            r#""signatureMethod":"HmacSHA256","signatureVersion":"2.1","timestamp":"<timestamp>","#,
            r#""signature":"<signature>"}}"#
        )),
        ..Row::NEW
    },
    Row { exchange: "hyperliquid", message: hyperliquid_agent!("a"), ..HYPERLIQUID },
    Row {
        exchange: "hyperliquid-testnet",
        host: "https://api.hyperliquid-testnet.xyz",
        message: hyperliquid_agent!("b"),
        ..HYPERLIQUID
    },
    hyperliquid_transaction!(
        "hyperliquid/approve-agent",
        "HyperliquidTransaction:ApproveAgent",
        "nonce",
        ["agentAddress": "address", "agentName": "string", "nonce": "uint64"]
    ),
    hyperliquid_transaction!(
        "hyperliquid/approve-builder-fee",
        "HyperliquidTransaction:ApproveBuilderFee",
        "nonce",
        ["maxFeeRate": "string", "builder": "address", "nonce": "uint64"]
    ),
    hyperliquid_transaction!(
        "hyperliquid/send-asset",
        "HyperliquidTransaction:SendAsset",
        "nonce",
        [
            "destination": "string", "sourceDex": "string", "destinationDex": "string", "token": "string",
            "amount": "string", "fromSubAccount": "string", "nonce": "uint64"
        ]
    ),
    hyperliquid_transaction!(
        "hyperliquid/spot-send",
        "HyperliquidTransaction:SpotSend",
        "time",
        ["destination": "string", "token": "string", "amount": "string", "time": "uint64"]
    ),
    hyperliquid_transaction!(
        "hyperliquid/token-delegate",
        "HyperliquidTransaction:TokenDelegate",
        "nonce",
        ["validator": "address", "wei": "uint64", "isUndelegate": "bool", "nonce": "uint64"]
    ),
    hyperliquid_transaction!(
        "hyperliquid/usd-class-transfer",
        "HyperliquidTransaction:UsdClassTransfer",
        "nonce",
        ["amount": "string", "toPerp": "bool", "nonce": "uint64"]
    ),
    hyperliquid_transaction!(
        "hyperliquid/usd-send",
        "HyperliquidTransaction:UsdSend",
        "time",
        ["destination": "string", "amount": "string", "time": "uint64"]
    ),
    hyperliquid_transaction!(
        "hyperliquid/withdraw",
        "HyperliquidTransaction:Withdraw",
        "time",
        ["destination": "string", "amount": "string", "time": "uint64"]
    ),
    Row {
        exchange: "kraken",
        source: "https://docs.kraken.com/api/docs/guides/spot-rest-auth",
        host: "https://api.kraken.com",
        schemes: &[(HmacSha512, Base64Secret, Base64)],
        nonce: MILLISECONDS,
        add: &[(Body, "nonce", "<nonce>")],
        message: "<path_query><nonce+body:sha256>",
        headers: &[("API-Key", "<entry.api_key>"), ("API-Sign", "<signature>")],
        ..Row::NEW
    },
    Row {
        exchange: "krakenfutures",
        source: "https://docs.kraken.com/api/docs/guides/futures-rest",
        host: "https://futures.kraken.com",
        base: "/derivatives",
        schemes: &[(HmacSha512, Base64Secret, Base64)],
        message: "<query+body+route:sha256>",
        headers: &[("APIKey", "<entry.api_key>"), ("Authent", "<signature>")],
        ..Row::NEW
    },
    Row {
        exchange: "krakenfutures/websocket",
        source: "https://docs.kraken.com/api/docs/guides/futures-websockets",
        host: "wss://futures.kraken.com/ws/v1",
        schemes: &[(HmacSha512, Base64Secret, Base64)],
        message: "<value.challenge:sha256>",
        body: Some(concat!(
            r#"{"event":"subscribe","feed":<value.feed:json>,"api_key":<entry.api_key:json>,"#,
            r#""original_challenge":<value.challenge:json>,"signed_challenge":"<signature>"}"#
        )),
        ..Row::NEW
    },
    Row {
        exchange: "kucoin",
        source: "https://www.kucoin.com/docs-new/authentication",
        host: "https://api.kucoin.com",
        schemes: &[(HmacSha256, Text, Base64)],
        message: "<timestamp><method><path_query><body>",
        headers: &[
            ("KC-API-KEY", "<entry.api_key>"),
            ("KC-API-SIGN", "<signature>"),
            ("KC-API-TIMESTAMP", "<timestamp>"),
            ("KC-API-PASSPHRASE", "<entry.password:sign>"),
            ("KC-API-KEY-VERSION", "2"),
        ],
        ..Row::NEW
    },
    Row {
        exchange: "mexc",
        source: "https://www.mexc.com/api-docs/spot-v3/general-info#signed",
        host: "https://api.mexc.com",
        headers: &[("X-MEXC-APIKEY", "<entry.api_key>")],
        schemes: &[(HmacSha256, Text, Hex)],
        ..BINANCE
    },
    Row {
        exchange: "oanda",
        source: "https://developer.oanda.com/rest-live-v20/authentication/",
        host: "https://api-fxtrade.oanda.com",
        headers: &[("Authorization", "Bearer <entry.token>")],
        ..Row::NEW
    },
    Row {
        exchange: "okx",
        source: "https://www.okx.com/docs-v5/en/#overview-rest-authentication-signature",
        host: "https://www.okx.com",
        schemes: &[(HmacSha256, Text, Base64)],
        time: IsoMilliseconds,
        message: "<timestamp><method><path_query><body>",
        headers: &[
            ("OK-ACCESS-KEY", "<entry.api_key>"),
            ("OK-ACCESS-SIGN", "<signature>"),
            ("OK-ACCESS-TIMESTAMP", "<timestamp>"),
            ("OK-ACCESS-PASSPHRASE", "<entry.password>"),
        ],
        ..Row::NEW
    },
    Row {
        exchange: "okx/websocket",
        source: "https://www.okx.com/docs-v5/en/#overview-websocket-login",
        host: "wss://ws.okx.com:8443/ws/v5/private",
        schemes: &[(HmacSha256, Text, Base64)],
        time: Seconds,
        message: "<timestamp>GET/users/self/verify",
        body: Some(concat!(
            r#"{"op":"login","args":[{"apiKey":<entry.api_key:json>,"passphrase":<entry.password:json>,"#,
            r#""timestamp":"<timestamp>","sign":"<signature>"}]}"#
        )),
        ..Row::NEW
    },
    Row {
        exchange: "phemex",
        source: "https://phemex-docs.github.io/#rest-request-header",
        host: "https://api.phemex.com",
        schemes: &[(HmacSha256, Text, Hex)],
        time: Seconds,
        expires_seconds: 60,
        message: "<path><query><expires><body>",
        headers: &[
            ("x-phemex-access-token", "<entry.api_key>"),
            ("x-phemex-request-expiry", "<expires>"),
            ("x-phemex-request-signature", "<signature>"),
        ],
        ..Row::NEW
    },
    Row {
        exchange: "phemex/websocket",
        source: "https://phemex-docs.github.io/#user-authentication",
        host: "wss://ws.phemex.com",
        schemes: &[(HmacSha256, Text, Hex)],
        time: Seconds,
        expires_seconds: 60,
        nonce: MILLISECONDS,
        message: "<entry.api_key><expires>",
        body: Some(concat!(
            r#"{"method":"user.auth","params":["API",<entry.api_key:json>,"<signature>",<expires>],"#,
            r#""id":<nonce>}"#
        )),
        ..Row::NEW
    },
    Row {
        exchange: "upbit",
        source: "https://global-docs.upbit.com/reference/auth",
        host: "https://api.upbit.com",
        schemes: &[(HmacSha256, Text, Base64Url)],
        nonce: Some(Uuid),
        parts: &[
            ("asked", "<params:raw_form>", ""),
            ("hash", r#","query_hash":"<asked:sha512:hex>","query_hash_alg":"SHA512""#, "asked"),
            ("head", r#"{"alg":"<alg>","typ":"JWT"}"#, ""),
            ("claims", r#"{"access_key":<entry.api_key:json>,"nonce":<nonce:json><hash>}"#, ""),
        ],
        message: "<head:base64url>.<claims:base64url>",
        headers: &[("Authorization", "Bearer <message>.<signature>")],
        ..Row::NEW
    },
    Row {
        exchange: "woo",
        source: "https://docs.woox.io/#authentication",
        host: "https://api.woox.io",
        schemes: &[(HmacSha256, Text, Hex)],
        message: "<timestamp><method><path_query><body>",
        headers: &[
            ("x-api-key", "<entry.api_key>"),
            ("x-api-timestamp", "<timestamp>"),
            ("x-api-signature", "<signature>"),
        ],
        ..Row::NEW
    },
    Row {
        exchange: "zerodha",
        source: "https://kite.trade/docs/connect/v3/user/#signing-requests",
        host: "https://api.kite.trade",
        headers: &[("X-Kite-Version", "3"), ("Authorization", "token <entry.api_key>:<entry.token>")],
        ..Row::NEW
    },
    Row {
        exchange: "zerodha/session",
        source: "https://kite.trade/docs/connect/v3/user/#authentication-and-token-exchange",
        host: "https://api.kite.trade",
        parts: &[("checksum", "<entry.api_key+value.request_token+entry.secret:sha256:hex>", "")],
        body: Some("api_key=<entry.api_key:percent>&request_token=<value.request_token:percent>&checksum=<checksum>"),
        headers: &[("X-Kite-Version", "3")],
        ..Row::NEW
    },
];

const BINANCE: Row<'_> = Row {
    source: "https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security",
    schemes: &[(HmacSha256, Text, Hex), (Ed25519, Text, Base64), (RsaSha256, Text, Base64)],
    add: &[(Params, "timestamp", "<timestamp>")],
    message: "<query><body>",
    append: &[(Params, "signature", "<signature>")],
    headers: &[("X-MBX-APIKEY", "<entry.api_key>")],
    ..Row::NEW
};
