package documents

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/font/sfnt"

	"dangol/shared/order"
	"dangol/shared/rma"
)

// booked is a return with a label, in a language.
func booked(language string) *rma.RMA {
	at := time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC)
	r := &rma.RMA{
		ID: "ret_01k9x7d3f8q7m2k01", OrderID: "ord_01k9x7d3f8q7m2k", State: rma.Booked, Language: language, UpdatedAt: at,
		Shipment: rma.Shipment{Carrier: "cj", TrackingNumber: "689012345678"},
	}
	r.Deadlines.SendBy = at.AddDate(0, 0, 14)
	return r
}

func TestTheFontOfLabelsHasEverySyllableThatTheyShow(t *testing.T) {
	t.Parallel()
	font, err := sfnt.Parse(hangul)
	if err != nil {
		t.Fatal(err)
	}
	w := koreanLabel
	texts := []string{w.Return, w.Carrier, w.Tracking, w.Order, w.ID, w.SendBy, "0123456789 :-abcxyz_ABCXYZ"}
	for _, c := range []string{"cj", "hanjin", "lotte", "epost", "dhl", "fedex", "ups", "usps"} {
		texts = append(texts, order.CarrierName(c))
	}
	var buffer sfnt.Buffer
	for _, text := range texts {
		for _, r := range text {
			if glyph, err := font.GlyphIndex(&buffer, r); err != nil || glyph == 0 {
				t.Errorf("%q of %q is not in the font; font/README.md says how to add it", r, text)
			}
		}
	}
}

func TestALabelIsTheSameBytesEachTimeAndSmall(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"ko", "en", ""} {
		first, err := drawLabel(booked(language))
		if err != nil {
			t.Fatal(err)
		}
		second, err := drawLabel(booked(language))
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("%q: two labels of one return differ, %v", language, err)
		}
		if len(first) > 60_000 {
			t.Errorf("%q: a label of %d bytes", language, len(first))
		}
		if embeds := strings.Contains(string(first), "/FontFile2"); embeds != (language == "ko") {
			t.Errorf("%q: a font is embedded: %v", language, embeds)
		}
	}
}

func TestWhatTheFontsCannotShowIsLeftOut(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"689012": "689012", "CJ대한통운": "CJ대한통운", "a\u0000b\u202ec": "abc", "😀7": "7", "": "",
	} {
		if got := printable(text); got != want {
			t.Errorf("%q is printed as %q, want %q", text, got, want)
		}
	}
}
