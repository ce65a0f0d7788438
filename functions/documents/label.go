package documents

import (
	"bytes"
	"context"
	"strings"

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

// drawLabel draws the label. It names nobody and has no address: the carrier has both from the booking, by the tracking
// number. The QR code is the id of the return, which the shop scans when the parcel arrives. The fonts that every PDF
// reader has know no Hangul, so the label is in English.
func drawLabel(r *rma.RMA) ([]byte, error) {
	pdf := fpdf.NewCustom(&fpdf.InitType{UnitStr: "mm", Size: fpdf.SizeType{Wd: labelWidth, Ht: labelHeight}})
	// The times of the return, not of now: the same label has the same bytes each time.
	pdf.SetCreationDate(r.UpdatedAt)
	pdf.SetModificationDate(r.UpdatedAt)
	pdf.SetMargins(margin, margin, margin)
	// One page, whatever is on it.
	pdf.SetAutoPageBreak(false, 0)
	pdf.AddPage()
	// line writes one line; its height in millimeters is half the size in points.
	line := func(size float64, style, text string) {
		pdf.SetFont("Helvetica", style, size)
		pdf.CellFormat(0, size/2, printable(text), "", 1, "L", false, 0, "")
	}
	line(20, "B", "RETURN")
	line(11, "", "Carrier: "+strings.ToUpper(r.Shipment.Carrier))
	line(14, "B", "Tracking number: "+r.Shipment.TrackingNumber)
	line(11, "", "Order: "+order.NumberOf(r.OrderID))
	line(11, "", "Return: "+r.ID)
	if !r.Deadlines.SendBy.IsZero() {
		line(11, "", "Hand over before: "+r.Deadlines.SendBy.UTC().Format("2006-01-02 15:04 UTC"))
	}
	if err := drawCode(pdf, r.ID, (labelWidth-codeSize)/2, labelHeight-codeSize-margin); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err := pdf.Output(&out)
	return out.Bytes(), err
}

// printable keeps what the built-in fonts can show: printable ASCII.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
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
