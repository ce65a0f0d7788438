package documents_test

import (
	"bytes"
	"strings"
	"testing"

	"dangol/functions/documents"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/system"
	"dangol/infra/testkit/testshop"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	handler, err := documents.New(t.Context(), apitest.Env(t, "documents", testshop.Noon, nil))
	if err != nil {
		t.Fatal(err)
	}
	apitest.Samples(t, handler, "documents",
		map[string]int{"label-not-yours": 404, "slip-without-token": 401, "pick-list-forged-token": 401})
}

// bookedReturn is a return with a label: {returnId}.
func bookedReturn(s *system.Shop) system.Things {
	b := system.DeliveredOrder(s)
	path := "/orders/" + b.Fill["orderId"]
	line := s.Do(b.Owner.Caller, "GET", path, nil).Field(s.T, "lines.0.id")
	want := map[string]any{
		"resolution": "refund", "lines": []any{map[string]any{"lineId": line, "quantity": 1, "reason": "changed_mind"}},
	}
	want["quote"] = s.Do(b.Owner.Caller, "POST", path+"/returns/quote", want).Field(s.T, "token")
	made := s.Do(b.Owner.Caller.With("Idempotency-Key", system.Unique("key-for-the-return")), "POST", path+"/returns",
		want)
	b.Fill["returnId"] = made.Field(s.T, "id")
	s.Do(s.Agent(), "POST", "/admin/returns/"+b.Fill["returnId"]+"/book", nil)
	return b
}

func TestWhatIsPrinted(t *testing.T) {
	t.Parallel()
	s := system.Open(t)
	b := bookedReturn(s)
	label := s.Do(b.Owner.Caller, "GET", "/returns/"+b.Fill["returnId"]+"/label.pdf", nil)
	if label.Header.Get("Content-Type") != "application/pdf" || !bytes.HasPrefix([]byte(label.Body), []byte("%PDF-")) ||
		!strings.Contains(label.Body[len(label.Body)-10:], "%%EOF") {
		t.Errorf("the label is %s: %.40q", label.Header.Get("Content-Type"), label.Body)
	}
	if !strings.Contains(label.Body, "/FontFile2") {
		t.Error("the label of a customer who reads Korean has no font with Hangul")
	}
	o := system.OwnOrder(s)
	s.Do(o.Owner.Caller, "PUT", "/orders/"+o.Fill["orderId"]+"/address",
		`{"name":"<b>김하늘</b>","line1":"왕십리로 83","postalCode":"04769","country":"KR"}`)
	slip := s.Do(s.Agent(), "GET", "/orders/"+o.Fill["orderId"]+"/packing-slip", nil)
	if !strings.Contains(slip.Body, "&lt;b&gt;김하늘") || strings.Contains(slip.Body, "<b>") ||
		!strings.Contains(slip.Body, o.Fill["number"]) {
		t.Errorf("the slip is %s", slip.Body)
	}
	list := s.Do(s.Agent(), "GET", "/admin/pick-list", nil)
	if !strings.Contains(list.Body, o.Fill["number"]) || strings.Contains(list.Body, b.Fill["number"]) {
		t.Errorf("the pick list is %s", list.Body)
	}
	s.Do(s.Agent(), "POST", "/orders/"+o.Fill["orderId"]+"/hold", `{"reason":"waiting"}`)
	if list := s.Do(s.Agent(), "GET", "/admin/pick-list", nil); strings.Contains(list.Body, o.Fill["number"]) {
		t.Error("a held order is on the pick list")
	}
}
