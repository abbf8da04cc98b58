//! Ticket codes as QR codes (ISO/IEC 18004): drawn anew for whoever asks, kept nowhere.

use qrcode::render::svg;
use qrcode::types::QrError;
use qrcode::{Color, EcLevel, QrCode};

/// How much of a picture may be dirty or torn: a sixth. More would need more, and smaller, modules.
const LEVEL: EcLevel = EcLevel::M;
/// The white around it, in modules, which the standard asks for.
const QUIET: usize = 4;
/// How many pixels wide a module of a PNG is.
const PIXELS: usize = 6;
/// How many units wide an SVG is at least; it scales.
const SVG_WIDTH: u32 = 360;

/// Why a picture cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// The text is longer than any QR code.
    #[error("no QR code for this text: {0}")]
    Qr(#[from] QrError),
    /// The PNG cannot be written.
    #[error("no PNG: {0}")]
    Png(#[from] png::EncodingError),
}

/// The picture as an SVG document.
///
/// # Errors
/// [`DrawError::Qr`].
pub fn svg(text: &str) -> Result<String, DrawError> {
    let code = QrCode::with_error_correction_level(text, LEVEL)?;
    Ok(code.render::<svg::Color<'_>>().min_dimensions(SVG_WIDTH, SVG_WIDTH).build())
}

/// The picture as the bytes of a PNG file, black and white.
///
/// # Errors
/// [`DrawError`].
pub fn png(text: &str) -> Result<Vec<u8>, DrawError> {
    let code = QrCode::with_error_correction_level(text, LEVEL)?;
    let width = (code.width() + 2 * QUIET) * PIXELS;
    let side = u32::try_from(width).map_err(|_| QrError::DataTooLong)?;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels(&code, width))?;
    writer.finish()?;
    Ok(bytes)
}

/// One bit a pixel, 1 for white; every row begins with a byte of its own.
fn pixels(code: &QrCode, width: usize) -> Vec<u8> {
    let mut rows = Vec::with_capacity(width * width.div_ceil(8));
    for y in 0..width {
        let mut row = vec![0_u8; width.div_ceil(8)];
        for x in 0..width {
            if !is_dark(code, x / PIXELS, y / PIXELS) {
                row[x / 8] |= 0x80 >> (x % 8);
            }
        }
        rows.append(&mut row);
    }
    rows
}

fn is_dark(code: &QrCode, x: usize, y: usize) -> bool {
    let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < code.width());
    inside(x).zip(inside(y)).is_some_and(|at| code[at] == Color::Dark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_png_shows_the_modules_of_the_code() {
        let text = format!("1.{}", "a".repeat(174));
        let code = QrCode::with_error_correction_level(&text, LEVEL).unwrap();
        assert_eq!(code.width(), 53, "as large as it is said to be");
        let bytes = png(&text).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut image = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut image).unwrap();
        assert_eq!((info.width, info.height), (61 * 6, 61 * 6));
        for y in 0..61 {
            for x in 0..61 {
                let (at_x, at_y) = (x * PIXELS + 3, y * PIXELS + 3);
                let white = image[at_y * info.line_size + at_x / 8] & (0x80 >> (at_x % 8)) != 0;
                let module = x.checked_sub(4).zip(y.checked_sub(4)).filter(|(x, y)| *x < 53 && *y < 53);
                assert_eq!(white, module.is_none_or(|at| code[at] == Color::Light), "{x} {y}");
            }
        }
    }

    #[test]
    fn an_svg_is_one_document() {
        let svg = svg("a code").unwrap();
        assert!(svg.starts_with("<?xml") && svg.ends_with("</svg>"), "{svg}");
    }
}
