package picture_test

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/platform/problem"
	"dangol/shared/review/picture"
)

// photo is a picture that is red on the left and blue on the right.
func photo(w, h int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{R: 250, A: 255}
			if x >= w/2 {
				c = color.RGBA{B: 250, A: 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

func jpegOf(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withEXIF puts an APP1 segment with an orientation and a place behind the start marker.
func withEXIF(file []byte, orientation byte) []byte {
	tiff := []byte("MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string([]byte{orientation}) +
		"\x00\x00\x00\x00\x00\x00GPS 37.5665N 126.9780E")
	body := append([]byte("Exif\x00\x00"), tiff...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2))
	return append(append(append([]byte{}, file[:2]...), append(segment, body...)...), file[2:]...)
}

func decoded(t *testing.T, file []byte) image.Image {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAPhotoIsEncodedAnewWithoutItsMetadata(t *testing.T) {
	t.Parallel()
	upload := append(withEXIF(jpegOf(t, photo(2400, 1200)), 1), zipFile(t)...)
	made, err := picture.Photo(upload, "image/jpeg")
	if err != nil {
		t.Fatal(err)
	}
	if made.Width != 1600 || made.Height != 800 || decoded(t, made.Thumb).Bounds().Dx() != 320 {
		t.Errorf("made %d x %d, thumbnail %v", made.Width, made.Height, decoded(t, made.Thumb).Bounds())
	}
	for name, file := range map[string][]byte{"photo": made.Large, "thumbnail": made.Thumb} {
		for _, secret := range []string{"GPS", "Exif", "PK\x03\x04", "secret.txt"} {
			if bytes.Contains(file, []byte(secret)) {
				t.Errorf("the %s still has %q", name, secret)
			}
		}
	}
}

func zipFile(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("secret.txt")
	if err == nil {
		_, err = w.Write([]byte("hidden behind the picture"))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAPhotoIsTurnedAsItsOrientationSays(t *testing.T) {
	t.Parallel()
	for orientation, redAt := range map[byte]image.Point{
		1: {10, 30}, 2: {110, 30}, 3: {110, 30}, 4: {10, 30}, 5: {30, 10}, 6: {30, 10}, 7: {30, 110}, 8: {30, 110},
	} {
		made, err := picture.Photo(withEXIF(jpegOf(t, photo(120, 60)), orientation), "image/jpeg")
		if err != nil {
			t.Fatal(err)
		}
		if r, _, b, _ := decoded(t, made.Large).At(redAt.X, redAt.Y).RGBA(); r < b {
			t.Errorf("orientation %d: not red at %v of %d x %d", orientation, redAt, made.Width, made.Height)
		}
	}
}

// bomb is a PNG that says it has w by h pixels and has the zeros for them in a few bytes.
func bomb(w, h uint32) []byte {
	var data bytes.Buffer
	z := zlib.NewWriter(&data)
	_, _ = z.Write(make([]byte, 1<<20))
	_ = z.Close()
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	out := []byte("\x89PNG\r\n\x1a\n")
	for _, c := range []struct {
		kind string
		body []byte
	}{{"IHDR", append(head, 8, 6, 0, 0, 0)}, {"IDAT", data.Bytes()}, {"IEND", nil}} {
		out = binary.BigEndian.AppendUint32(out, uint32(len(c.body)))
		chunk := append([]byte(c.kind), c.body...)
		out = binary.BigEndian.AppendUint32(append(out, chunk...), crc32.ChecksumIEEE(chunk))
	}
	return out
}

func TestUploadsThatAreRefused(t *testing.T) {
	t.Parallel()
	whole := jpegOf(t, photo(100, 100))
	var asPNG bytes.Buffer
	if err := png.Encode(&asPNG, photo(100, 100)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, mime, code string
		upload           []byte
	}{
		{"a bomb of 4 gigapixels", "image/png", "photo_too_large", bomb(65000, 65000)},
		{"a bomb whose size overflows 32 bits", "image/png", "not_a_photo", bomb(1<<30, 1<<30)},
		{"50 megapixels", "image/png", "photo_too_large", bomb(10000, 5000)},
		{"too many bytes", "image/jpeg", "photo_too_large", append(whole, make([]byte, picture.MaxPhotoBytes)...)},
		{"a PNG that says it is a JPEG", "image/jpeg", "not_a_photo", asPNG.Bytes()},
		{"a page", "image/jpeg", "not_a_photo", []byte("<html><script>alert(1)</script>")},
		{"a page that begins like a GIF", "image/jpeg", "not_a_photo", []byte("GIF89a/*<script>*/")},
		{"a ZIP file", "image/png", "not_a_photo", zipFile(t)},
		{"SVG", "image/svg+xml", "not_a_photo", []byte("<svg onload=alert(1)>")},
		{"half a photo", "image/jpeg", "not_a_photo", whole[:len(whole)/2]},
		{"PNG data that is shorter than it says", "image/png", "not_a_photo", bomb(4000, 4000)},
		{"nothing", "image/jpeg", "not_a_photo", nil},
		{"one pixel", "image/jpeg", "photo_too_small", jpegOf(t, photo(1, 1))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := picture.Photo(tt.upload, tt.mime); problem.Code(err) != tt.code {
				t.Errorf("got %v, want %s", err, tt.code)
			}
		})
	}
}

func box(kind string, body ...[]byte) []byte {
	inside := bytes.Join(body, nil)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(inside)+8)), append([]byte(kind), inside...)...)
}

func TestAVideoLosesItsMetadataAndKeepsItsOffsets(t *testing.T) {
	t.Parallel()
	place := box("udta", box("\xa9xyz", []byte("+37.5665+126.9780/")))
	upload := bytes.Join([][]byte{
		box("ftyp", []byte("isom0000")), box("mdat", []byte("frames")),
		box("moov", box("mvhd", make([]byte, 20)), box("trak", box("meta", []byte("iPhone of Haneul"))), place),
	}, nil)
	out, err := picture.Video(upload)
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != len(upload) || bytes.Index(out, []byte("frames")) != bytes.Index(upload, []byte("frames")) {
		t.Error("the size or an offset changed")
	}
	for _, secret := range []string{"+37.5665", "Haneul", "udta"} {
		if bytes.Contains(out, []byte(secret)) {
			t.Errorf("still has %q", secret)
		}
	}
}

func TestFilesThatAreNoVideo(t *testing.T) {
	t.Parallel()
	head, data, index := box("ftyp", []byte("isom0000")), box("mdat", []byte("x")), box("moov", box("mvhd"))
	for name, upload := range map[string][]byte{
		"empty": nil, "a page": []byte("<html>hello world"), "no index": bytes.Join([][]byte{head, data}, nil),
		"a page behind the last box": bytes.Join([][]byte{head, data, index, []byte("<script>alert(1)</script>")}, nil),
		"a box longer than the file": bytes.Join([][]byte{head, index, {0, 1, 0, 0, 'm', 'd', 'a', 't'}}, nil),
		"boxes in boxes without end": append(head, nested(1000)...),
	} {
		if _, err := picture.Video(upload); problem.Code(err) != "not_a_video" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := picture.Video(make([]byte, picture.MaxVideoBytes+1)); problem.Code(err) != "video_too_large" {
		t.Errorf("too large: %v", err)
	}
}

func TestAnAnnouncedUploadHasBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind, mime string
		bytes      int64
		wrong      string // the pointer, "" when it is taken
	}{
		{"photo", "image/jpeg", 1, ""},
		{"photo", "image/webp", picture.MaxPhotoBytes, ""},
		{"photo", "image/jpeg", 0, "/size"},
		{"photo", "image/jpeg", picture.MaxPhotoBytes + 1, "/size"},
		{"photo", "video/mp4", 1, "/type"},
		{"video", "video/mp4", picture.MaxVideoBytes, ""},
		{"video", "video/quicktime", picture.MaxVideoBytes + 1, "/size"},
		{"video", "video/mp4", -1, "/size"},
		{"sound", "audio/mpeg", 1, "/kind"},
	} {
		err := picture.Announced(c.kind, c.mime, c.bytes)
		if (err == nil) != (c.wrong == "") || err != nil && problem.From(err).Fields[0].Pointer != c.wrong {
			t.Errorf("%s %s of %d bytes: %v", c.kind, c.mime, c.bytes, err)
		}
	}
}

func nested(depth int) []byte {
	inside := []byte{}
	for range depth {
		inside = box("moov", inside)
	}
	return inside
}

func TestNoUploadMakesThePackagePanic(t *testing.T) {
	t.Parallel()
	good := withEXIF(jpegOf(t, photo(60, 60)), 6)
	rapid.Check(t, func(t *rapid.T) {
		file := bytes.Clone(good)
		for range rapid.IntRange(1, 8).Draw(t, "flips") {
			file[rapid.IntRange(0, len(file)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		file = file[:rapid.IntRange(0, len(file)).Draw(t, "length")]
		_, _ = picture.Photo(file, "image/jpeg")
		_, _ = picture.Video(append([]byte(strings.Repeat("\x00", 4)+"ftyp"), file...))
	})
}
