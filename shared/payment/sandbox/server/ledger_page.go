package server

import (
	"net/http"
	"sort"
	"strconv"
	"strings"
	"time"

	"dangol/shared/payment"
	"dangol/shared/payment/sandbox"
)

// books are the ids of payments and refunds in the order in which they were made, which is that of their times: a page
// of the ledger is found without sorting everything there is.
type books struct{ payments, refunds []string }

// section is one part of the ledger; a walk reads them one after the other.
type section struct {
	kind  payment.LedgerKind
	size  func(*Server) int
	entry func(*Server, int) (payment.LedgerEntry, bool) // false for what has no line in this section
}

var sections = []section{
	{
		payment.LedgerPayment,
		func(s *Server) int { return len(s.made.payments) },
		func(s *Server, i int) (payment.LedgerEntry, bool) {
			p := s.payments[s.made.payments[i]].Payment
			return payment.LedgerEntry{Kind: payment.LedgerPayment, At: p.CreatedAt, Payment: p}, true
		},
	},
	{
		payment.LedgerRefund,
		func(s *Server) int { return len(s.made.refunds) },
		func(s *Server, i int) (payment.LedgerEntry, bool) {
			r := s.refunds[s.made.refunds[i]]
			return payment.LedgerEntry{
				Kind: payment.LedgerRefund, At: r.CreatedAt, Payment: s.payments[r.PaymentID].Payment, Refund: r,
			}, true
		},
	},
	{
		payment.LedgerRefundFailed,
		func(s *Server) int { return len(s.made.refunds) },
		func(s *Server, i int) (payment.LedgerEntry, bool) {
			r := s.refunds[s.made.refunds[i]]
			return payment.LedgerEntry{
				Kind: payment.LedgerRefundFailed, At: r.CreatedAt.Add(lateAfter),
				Payment: payment.Payment{ID: r.PaymentID}, Refund: r,
			}, r.State == payment.RefundFailed
		},
	},
}

// ledgerPage answers a page of the books: GET /v1/ledger?from=&to=&cursor=. The cursor is a section and a position in
// it.
func (s *Server) ledgerPage(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	from, errFrom := time.Parse(time.RFC3339Nano, query.Get("from"))
	to, errTo := time.Parse(time.RFC3339Nano, query.Get("to"))
	part, at, ok := positionOf(query.Get("cursor"))
	if errFrom != nil || errTo != nil || !ok {
		refuse(sandbox.CodeInvalid, "from and to are times, and cursor is that of an earlier page").write(w)
		return
	}
	s.read(w, "ledger", func() outcome { return found(s.pageOf(sections[part], part, at, from, to), true) })
}

// positionOf reads a cursor: "1.100" is the hundredth refund.
func positionOf(cursor string) (part, at int, ok bool) {
	if cursor == "" {
		return 0, -1, true
	}
	before, after, _ := strings.Cut(cursor, ".")
	part, errPart := strconv.Atoi(before)
	at, errAt := strconv.Atoi(after)
	return part, at, errPart == nil && errAt == nil && part >= 0 && part < len(sections) && at >= 0
}

// pageOf reads one page of a section. at is where the page before ended; -1 finds the first entry of the window. The
// caller holds mu.
func (s *Server) pageOf(sec section, part, at int, from, to time.Time) payment.LedgerPage {
	timeOf := func(i int) time.Time { e, _ := sec.entry(s, i); return e.At }
	size := sec.size(s)
	if at < 0 {
		at = sort.Search(size, func(i int) bool { return !timeOf(i).Before(from) })
	}
	page := payment.LedgerPage{Entries: []payment.LedgerEntry{}}
	for ; at < size && timeOf(at).Before(to); at++ {
		if len(page.Entries) == payment.LedgerPageSize {
			page.Next = strconv.Itoa(part) + "." + strconv.Itoa(at)
			return page
		}
		e, ok := sec.entry(s, at)
		if ok && !e.At.Before(from) {
			page.Entries = append(page.Entries, e)
		}
	}
	if next := part + 1; next < len(sections) {
		first := sort.Search(sections[next].size(s), func(i int) bool {
			e, _ := sections[next].entry(s, i)
			return !e.At.Before(from)
		})
		page.Next = strconv.Itoa(next) + "." + strconv.Itoa(first)
	}
	return page
}
