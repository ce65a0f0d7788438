package documents

import (
	"bytes"
	"context"
	_ "embed" // for the font
	"strings"
	"time"
	"unicode"

	"github.com/go-pdf/fpdf"
	"github.com/yeqown/go-qrcode/v2"

	"dangol/shared/order"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/problem"
	"dangol/shared/rma"
)

// labelInput names a return and proves that its order is the caller's.
type labelInput struct {
	ReturnID  string `path:"returnId" maxLength:"40" example:"ret_01k9x7d3f8q7m2k01"`
	CartToken string `header:"Cart-Token" maxLength:"200" doc:"The token of the guest's cart that was ordered."`
	Token     string `header:"Order-Token" maxLength:"200" doc:"The token from a look-up."`
}

// label prints the label of a return whose way back is booked, for whoever may see its order. 2 round trips. Errors:
// 404 return_not_found; 409 return_state.
// The order's id is part of the return's, so the right to
// see it is checked before the return is read.
func (f *Documents) label(ctx context.Context, in *labelInput) (*Printed, error) {
	orderID, ok := rma.OrderOf(in.ReturnID)
	if !ok {
		return nil, rma.NotFound()
	}
	who := auth.From(ctx)
	caller := order.Caller{CustomerID: who.Subject, Operator: who.Operator(), CartToken: in.CartToken,
		LookupToken: in.Token}
	if _, err := f.Orders.GetFor(ctx, orderID, caller); err != nil {
		// To a caller who may not see the order the return does not exist either.
		if problem.Code(err) == "order_not_found" {
			return nil, rma.NotFound()
		}
		return nil, err
	}
	r, _, err := f.Returns.Get(ctx, in.ReturnID)
	if err != nil {
		return nil, err
	}
	// Without a booking there is nothing to stick on; a return that is over needs no label.
	if r.Shipment.TrackingNumber == "" || r.State.Finished() {
		return nil, problem.Conflict("return_state", "This return is %s; it has no label.", r.State).With("state",
			string(r.State))
	}
	pdf, err := drawLabel(r)
	if err != nil {
		return nil, err
	}
	return printed("application/pdf", pdf), nil
}

// The label is 100 x 150 mm, the size of the carriers' printers.
const (
	labelWidth  = 100
	labelHeight = 150
	margin      = 6
	// codeSize is large enough for a hand scanner.
	codeSize = 60
)

// hangul is Noto Sans KR Medium (SIL Open Font License, font/OFL.txt) cut down to printable ASCII and the syllables
// that labels show, which keeps it at 18 KB. font/README.md says how it is made anew after a word has changed.
//
//go:embed font/label.ttf
var hangul []byte

// labelWords are the words of a label in one language.
type labelWords struct {
	Return, Carrier, Tracking, Order, ID, SendBy string
	carrier                                      func(string) string // how the carrier is called
	clock                                        *time.Location      // of the deadline
	zone                                         string              // its name
}

// seoul is the zone of labels in Korean. It has had no summer time since 1988.
var seoul = time.FixedZone("KST", 9*60*60)

var (
	koreanLabel = labelWords{
		Return: "반품", Carrier: "택배사", Tracking: "운송장 번호", Order: "주문 번호", ID: "반품 번호", SendBy: "보내실 기한",
		carrier: order.CarrierName, clock: seoul,
	}
	// Carriers that work abroad read Latin letters.
	englishLabel = labelWords{
		Return: "RETURN", Carrier: "Carrier", Tracking: "Tracking number", Order: "Order", ID: "Return",
		SendBy: "Hand over before", carrier: strings.ToUpper, clock: time.UTC, zone: " UTC",
	}
)

// drawLabel draws the label, in Korean for customers who read Korean and else in English. It names nobody and has no
// address: the carrier has both from the booking, by the tracking number. The QR code is the id of the return, which
// the shop scans when the parcel arrives.
func drawLabel(r *rma.RMA) ([]byte, error) {
	pdf := fpdf.NewCustom(&fpdf.InitType{UnitStr: "mm", Size: fpdf.SizeType{Wd: labelWidth, Ht: labelHeight}})
	// The times of the return, not of now, and a fixed order of resources: the same label has the same bytes each time.
	pdf.SetCreationDate(r.UpdatedAt)
	pdf.SetModificationDate(r.UpdatedAt)
	pdf.SetCatalogSort(true)
	pdf.SetMargins(margin, margin, margin)
	// One page, whatever is on it.
	pdf.SetAutoPageBreak(false, 0)
	words, family, bold := englishLabel, "Helvetica", "B"
	if r.Language == "ko" {
		words, family, bold = koreanLabel, "hangul", "" // the font has one weight
		pdf.AddUTF8FontFromBytes(family, "", hangul)
	}
	pdf.AddPage()
	// line writes one line; its height in millimeters is half the size in points.
	line := func(size float64, style, text string) {
		pdf.SetFont(family, style, size)
		pdf.CellFormat(0, size/2, printable(text), "", 1, "L", false, 0, "")
	}
	line(20, bold, words.Return)
	line(11, "", words.Carrier+": "+words.carrier(r.Shipment.Carrier))
	line(14, bold, words.Tracking+": "+r.Shipment.TrackingNumber)
	line(11, "", words.Order+": "+order.NumberOf(r.OrderID))
	line(11, "", words.ID+": "+r.ID)
	if by := r.Deadlines.SendBy; !by.IsZero() {
		line(11, "", words.SendBy+": "+by.In(words.clock).Format("2006-01-02 15:04")+words.zone)
	}
	if err := drawCode(pdf, r.ID, (labelWidth-codeSize)/2, labelHeight-codeSize-margin); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err := pdf.Output(&out)
	return out.Bytes(), err
}

// printable keeps what the fonts can show: printable ASCII, and Hangul syllables of the label's own words.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if (r < ' ' || r > '~') && !unicode.Is(unicode.Hangul, r) {
			return -1
		}
		return r
	}, s)
}

// drawCode draws a QR code of the text as squares, with its upper left corner at x, y.
func drawCode(pdf *fpdf.Fpdf, text string, x, y float64) error {
	code, err := qrcode.New(text)
	if err != nil {
		return err
	}
	var squares matrix
	if err := code.Save(&squares); err != nil {
		return err
	}
	side := codeSize / float64(squares.width)
	pdf.SetFillColor(0, 0, 0)
	// Squares instead of an image: they stay sharp at any resolution of the printer.
	for _, s := range squares.set {
		pdf.Rect(x+float64(s[0])*side, y+float64(s[1])*side, side, side, "F")
	}
	return nil
}

// matrix takes a QR code in: its width in modules, and which are black.
type matrix struct {
	width int      // modules on each side
	set   [][2]int // column and row of the black ones
}

// Write implements qrcode.Writer.
func (m *matrix) Write(mat qrcode.Matrix) error {
	m.width = mat.Width()
	mat.Iterate(qrcode.IterDirection_ROW, func(x, y int, v qrcode.QRValue) {
		if v.IsSet() {
			m.set = append(m.set, [2]int{x, y})
		}
	})
	return nil
}

// Close implements qrcode.Writer.
func (m *matrix) Close() error { return nil }
