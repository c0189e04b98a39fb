//! A point in time, as an exchange wants it written.

use std::time::{Duration, UNIX_EPOCH};

use super::recipe::Time;
use crate::{Error, Result};

/// 2009-01-01 and 2100-01-01: outside, the number is in another unit, or the clock is wrong.
const EARLIEST_MS: i64 = 1_230_768_000_000;
const LATEST_MS: i64 = 4_102_444_800_000;

/// `timestamp_ms` and `more_seconds`.
///
/// # Errors
/// [`Error::InvalidInput`] for a time that cannot be one, with the unit that it seems to be in.
pub(super) fn write(time: Time, timestamp_ms: i64, more_seconds: u32) -> Result<String> {
    check(timestamp_ms)?;
    let at_ms = timestamp_ms.unsigned_abs() + u64::from(more_seconds) * 1000;
    let at = UNIX_EPOCH + Duration::from_millis(at_ms);
    Ok(match time {
        Time::Milliseconds => at_ms.to_string(),
        Time::Seconds => (at_ms / 1000).to_string(),
        Time::IsoMilliseconds => humantime::format_rfc3339_millis(at).to_string(),
        Time::IsoSeconds => humantime::format_rfc3339_seconds(at).to_string().trim_end_matches('Z').to_owned(),
    })
}

pub(super) fn check(timestamp_ms: i64) -> Result<()> {
    let unit = match timestamp_ms {
        EARLIEST_MS..=LATEST_MS => return Ok(()),
        at if (EARLIEST_MS / 1000..=LATEST_MS / 1000).contains(&at) => "; this one looks like seconds",
        at if (EARLIEST_MS * 1000..=LATEST_MS.saturating_mul(1000)).contains(&at) => {
            "; this one looks like microseconds"
        }
        _ => "",
    };
    Err(Error::invalid(format!("expected a time in milliseconds since 1970, from 2009 to 2100{unit}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_exchanges_want_them() {
        let at = 1_700_000_000_000;
        for (time, text) in [
            (Time::Milliseconds, "1700000000000"),
            (Time::Seconds, "1700000000"),
            (Time::IsoMilliseconds, "2023-11-14T22:13:20.000Z"),
            (Time::IsoSeconds, "2023-11-14T22:13:20"),
        ] {
            assert_eq!(write(time, at, 0).unwrap(), text);
        }
        assert_eq!(write(Time::Seconds, at, 60).unwrap(), "1700000060");
        assert_eq!(write(Time::Milliseconds, EARLIEST_MS, 0).unwrap(), "1230768000000");
        assert_eq!(write(Time::IsoSeconds, LATEST_MS, 1).unwrap(), "2100-01-01T00:00:01");
        assert_eq!(write(Time::IsoMilliseconds, at + 7, 0).unwrap(), "2023-11-14T22:13:20.007Z");
    }

    #[test]
    fn a_time_in_another_unit_is_told() {
        for (at, unit) in [
            (1_700_000_000, "; this one looks like seconds"),
            (1_700_000_000_000_000, "; this one looks like microseconds"),
            (EARLIEST_MS / 1000 - 1, ""),
            (EARLIEST_MS / 1000, "; this one looks like seconds"),
            (LATEST_MS / 1000, "; this one looks like seconds"),
            (LATEST_MS / 1000 + 1, ""),
            (EARLIEST_MS - 1, ""),
            (LATEST_MS + 1, ""),
            (EARLIEST_MS * 1000 - 1, ""),
            (EARLIEST_MS * 1000, "; this one looks like microseconds"),
            (LATEST_MS * 1000, "; this one looks like microseconds"),
            (LATEST_MS * 1000 + 1, ""),
            (-1, ""),
            (0, ""),
            (i64::MIN, ""),
            (i64::MAX, ""),
        ] {
            let why = write(Time::Seconds, at, u32::MAX).unwrap_err().to_string();
            assert_eq!(why, format!("expected a time in milliseconds since 1970, from 2009 to 2100{unit}"));
        }
    }
}
