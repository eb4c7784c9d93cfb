//! Which sizes may be asked for. Source: the API's reference for `size`, and refusals seen.

use super::problem::Problem;

/// Longest side, pixels.
const SIDE_MAX: u32 = 3840;
/// Fewest and most pixels of a picture.
const PIXELS_MIN: u32 = 655_360;
const PIXELS_MAX: u32 = 8_294_400;
/// Both sides are multiples of this.
const STEP: u32 = 16;
/// The sizes of gpt-image-1.5 and gpt-image-1-mini.
const OLD_SIZES: [&str; 3] = ["1024x1024", "1536x1024", "1024x1536"];

/// Width and height that `size` means for this model.
pub(super) fn parse_size(size: &str, model: &str) -> Result<(u32, u32), Problem> {
    if size == "auto" {
        return Ok((1024, 1024));
    }
    let old = model.starts_with("gpt-image-1");
    if old && !OLD_SIZES.contains(&size) {
        let text = format!(
            "Invalid value: '{size}'. Supported values are: '1024x1024', '1024x1536', \
             '1536x1024', and 'auto'."
        );
        return Err(Problem::invalid(text).code("invalid_value").param("size"));
    }
    let refuse = |why: &str| {
        Problem::user("invalid_value", format!("Invalid size '{size}'. {why}")).param("size")
    };
    let (width, height) = size
        .split_once('x')
        .and_then(|(width, height)| Some((side(width)?, side(height)?)))
        .ok_or_else(|| refuse("Size must be 'auto' or in the format WIDTHxHEIGHT."))?;
    let (long, short) = (width.max(height), width.min(height));
    if long > SIDE_MAX {
        return Err(refuse("The longest edge must be less than or equal to 3840."));
    }
    if !width.is_multiple_of(STEP) || !height.is_multiple_of(STEP) {
        return Err(refuse("Width and height must both be divisible by 16."));
    }
    if long > 3 * short {
        return Err(refuse("The aspect ratio must be between 1:3 and 3:1."));
    }
    if width * height < PIXELS_MIN {
        return Err(refuse("Requested resolution is below the current minimum pixel budget."));
    }
    if width * height > PIXELS_MAX {
        return Err(refuse("Requested resolution is above the current maximum pixel budget."));
    }
    Ok((width, height))
}

fn side(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(size: &str) -> String {
        let problem = parse_size(size, "gpt-image-2").expect_err(size);
        let error = &problem.body()["error"];
        assert_eq!(error["param"], "size");
        assert_eq!(error["code"], "invalid_value");
        error["message"].as_str().unwrap().to_owned()
    }

    #[test]
    fn every_preset_is_a_size() {
        let presets = "1024x1024 1536x1024 1024x1536 1536x864 864x1536 2048x2048 2048x1152 \
            1152x2048 3840x2160 2160x3840 2880x2880";
        for preset in presets.split_whitespace() {
            let (width, height) = parse_size(preset, "gpt-image-2").unwrap();
            assert_eq!(format!("{width}x{height}"), preset);
        }
        assert_eq!(parse_size("auto", "gpt-image-2").unwrap(), (1024, 1024));
    }

    #[test]
    fn what_breaks_a_rule_is_refused_in_the_providers_words() {
        assert_eq!(
            refusal("4096x4096"),
            "Invalid size '4096x4096'. The longest edge must be less than or equal to 3840."
        );
        assert_eq!(
            refusal("576x1024"),
            "Invalid size '576x1024'. Requested resolution is below the current minimum pixel \
             budget."
        );
        assert!(refusal("1000x1000").contains("divisible by 16"));
        assert!(refusal("3840x1024").contains("aspect ratio"));
        assert!(refusal("3072x3072").contains("maximum pixel budget"));
        for odd in ["", "x", "1024", "1024x", "-1024x1024", "1024X1024", "01024x1024"] {
            assert!(refusal(odd).contains("WIDTHxHEIGHT"), "{odd}");
        }
    }

    #[test]
    fn the_old_models_know_three_sizes() {
        assert!(parse_size("1536x1024", "gpt-image-1.5").is_ok());
        assert!(parse_size("2048x2048", "gpt-image-1-mini").is_err());
    }
}
