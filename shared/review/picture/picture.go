// Package picture makes photos and videos safe to show: it refuses what is not what it says, what is too large before
// it is decoded, and gives back photos that are encoded anew, so that nothing but their pixels survives: no EXIF data
// with the place they were taken at, no text, no second file behind the first. Of videos it blanks the metadata. It is
// pure.
package picture

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png" // a photo may be a PNG

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // a photo may be a WebP

	"dangol/shared/platform/problem"
)

// Limits of what is taken.
const (
	MaxPhotoBytes = 10 << 20
	MaxVideoBytes = 50 << 20
	MaxPixels     = 40_000_000
	minEdge       = 50 // pixels
)

// Edges of the pictures that are made, in pixels.
const (
	LargeEdge = 1600
	ThumbEdge = 320
	quality   = 85
)

// Types are the MIME types of uploads by kind.
var Types = map[string][]string{
	"photo": {"image/jpeg", "image/png", "image/webp"},
	"video": {"video/mp4", "video/quicktime"},
}

// Announced checks what is said of an upload before it is made: the kind, its MIME type, and the size in bytes. Errors:
// 422 invalid_input.
func Announced(kind, mime string, bytes int64) error {
	var wrong problem.Fields
	most := map[string]int64{"photo": MaxPhotoBytes, "video": MaxVideoBytes}[kind]
	wrong.Require(most > 0, "/kind", "not_allowed", "photo or video")
	wrong.OneOf(mime, "/type", Types[kind]...)
	wrong.Require(bytes >= 1, "/size", "too_small", "at least 1 byte")
	wrong.Require(bytes <= most, "/size", "too_large", "at most %d bytes", most)
	return wrong.Err()
}

// Made is a photo as it is shown.
type Made struct {
	Large, Thumb  []byte // JPEG
	Width, Height int    // of Large
}

// formats are the names of package image for the types.
var formats = map[string]string{"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}

// Photo checks an upload that says it is of the type and makes the pictures that are shown. The size in pixels is read
// from the header and checked before anything is decoded. Errors: 422 photo_too_large, photo_too_small, not_a_photo.
func Photo(upload []byte, mime string) (*Made, error) {
	if len(upload) > MaxPhotoBytes {
		return nil, tooLarge("A photo has at most %d bytes.", MaxPhotoBytes)
	}
	head, format, err := image.DecodeConfig(bytes.NewReader(upload))
	if err != nil {
		return nil, notAPhoto().Because(err)
	}
	if formats[format] != mime {
		return nil, notAPhoto()
	}
	switch {
	// Each side alone as well, so that the product cannot overflow.
	case head.Width > MaxPixels || head.Height > MaxPixels || head.Width*head.Height > MaxPixels:
		return nil, tooLarge("A photo has at most %d megapixels.", MaxPixels/1_000_000)
	case head.Width < minEdge || head.Height < minEdge:
		return nil, problem.New(422, "photo_too_small", "A photo has at least %d pixels on each side.", minEdge)
	}
	source, _, err := image.Decode(bytes.NewReader(upload))
	if err != nil {
		return nil, notAPhoto().Because(err)
	}
	// Scaled before it is turned, because turning copies pixel by pixel.
	large := upright(scaled(source, LargeEdge), orientation(upload))
	made := &Made{Width: large.Bounds().Dx(), Height: large.Bounds().Dy()}
	if made.Large, err = encode(large); err != nil {
		return nil, err
	}
	made.Thumb, err = encode(scaled(large, ThumbEdge))
	return made, err
}

// notAPhoto is the answer for an upload that is not what it says.
func notAPhoto() *problem.Problem {
	return problem.New(422, "not_a_photo", "The upload is not a photo of the type that was announced.")
}

// tooLarge is the answer for an upload beyond the limits.
func tooLarge(format string, args ...any) error {
	return problem.New(422, "photo_too_large", format, args...)
}

// encode writes a JPEG with nothing in it but pixels.
func encode(m image.Image) ([]byte, error) {
	var out bytes.Buffer
	err := jpeg.Encode(&out, m, &jpeg.Options{Quality: quality})
	return out.Bytes(), err
}

// scaled draws m on white so that neither edge is longer than edge; smaller ones keep their size.
func scaled(m image.Image, edge int) *image.RGBA {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	if longest := max(w, h); longest > edge {
		w, h = max(1, w*edge/longest), max(1, h*edge/longest)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	// JPEG has no transparency, and black would show through.
	draw.Draw(out, out.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.BiLinear.Scale(out, out.Bounds(), m, m.Bounds(), draw.Over, nil)
	return out
}

// upright turns a picture as its EXIF orientation says (1 to 8), because that is dropped with the rest of EXIF.
func upright(m *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return m
	}
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	outW, outH := w, h
	if orientation >= 5 {
		outW, outH = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, outW, outH))
	for y := range outH {
		for x := range outW {
			sx, sy := sourceOf(x, y, w, h, orientation)
			out.SetRGBA(x, y, m.RGBAAt(sx, sy))
		}
	}
	return out
}

// sourceOf is which pixel of a w by h picture stands at x, y once it is upright (EXIF 2.3, tag 0x0112).
func sourceOf(x, y, w, h, orientation int) (int, int) {
	switch orientation {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return y, h - 1 - x
	case 7:
		return w - 1 - y, h - 1 - x
	default:
		return w - 1 - y, x
	}
}
