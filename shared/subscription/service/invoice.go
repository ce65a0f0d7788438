package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/platform/table"
	"dangol/shared/subscription"
)

// InvoiceState says whether an invoice is paid.
type InvoiceState string

// The states of an invoice. A void one keeps its number.
const (
	InvoiceOpen InvoiceState = "open"
	InvoicePaid InvoiceState = "paid"
	InvoiceVoid InvoiceState = "void"
)

// Invoice is an invoice and what became of it.
type Invoice struct {
	subscription.Invoice
	State     InvoiceState `json:"state"`
	PaymentID string       `json:"paymentId,omitempty"` // empty when account credit paid it all
	Title     string       `json:"title"`               // of the plan
	ClosedAt  time.Time    `json:"closedAt,omitzero"`   // paid or void since
	Reason    string       `json:"reason,omitempty"`    // why it is void
}

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (i Invoice) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return table.Pack(i) }

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (i *Invoice) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, i)
}

// invoiceItem is an invoice as stored: one item, under the subscription and the number of the period.
type invoiceItem struct {
	table.Key
	bookPlace
	Invoice Invoice      `dynamodbav:"invoice"`
	State   InvoiceState `dynamodbav:"state"` // for the condition that it is still open
}

// CreditNote is a credit note.
type CreditNote struct{ subscription.CreditNote }

// creditItem is a credit note as stored, under the subscription.
type creditItem struct {
	table.Key
	bookPlace
	Note table.Packed[CreditNote] `dynamodbav:"note"`
}

// bookPlace is where an invoice or a credit note stands in the book of its year.
type bookPlace struct {
	Book   string                  `dynamodbav:"gsi2pk"`
	BookAt string                  `dynamodbav:"gsi2sk"`
	Card   table.Packed[BookEntry] `dynamodbav:"card"`
}

// BookEntry is a line of the year's book of invoices or credit notes.
type BookEntry struct {
	Number         string       `json:"number"`
	SubscriptionID string       `json:"subscriptionId"`
	State          InvoiceState `json:"state,omitempty"`
	Amount         int64        `json:"amount"`
	Currency       string       `json:"currency"`
	Issued         time.Time    `json:"issued"`
}

// place is where the entry stands: under the book, "BOOK#INV-2026", by its number.
func (e BookEntry) place() bookPlace {
	return bookPlace{Book: "BOOK#" + e.Number[:len(e.Number)-len("-000001")], BookAt: e.Number, Card: table.Packed[BookEntry]{Value: e}}
}

// invoiceKey is made of the subscription and the number of the period: there can be no second one.
func invoiceKey(subscriptionID string, seq int) table.Key {
	return table.Key{PK: "SUBSCRIPTION#" + subscriptionID, SK: fmt.Sprintf("INVOICE#%06d", seq)}
}

// item is the invoice as stored.
func (i *Invoice) item() invoiceItem {
	entry := BookEntry{
		Number: i.Number, SubscriptionID: i.SubscriptionID, State: i.State, Amount: i.Subtotal, Currency: i.Currency, Issued: i.Issued,
	}
	return invoiceItem{Key: invoiceKey(i.SubscriptionID, i.Seq), bookPlace: entry.place(), Invoice: *i, State: i.State}
}

// item is the credit note as stored under a key.
func (n *CreditNote) item(key table.Key) creditItem {
	entry := BookEntry{Number: n.Number, SubscriptionID: n.SubscriptionID, Amount: n.Amount, Currency: n.Currency, Issued: n.Issued}
	return creditItem{Key: key, bookPlace: entry.place(), Note: table.Packed[CreditNote]{Value: *n}}
}

// series is one run of numbers.
type series struct {
	name subscription.Series
	year int
}

func (n series) key() table.Key {
	return table.Key{PK: fmt.Sprintf("NUMBERS#%s#%d", n.name, n.year), SK: "NUMBERS"}
}

// counter is the last number given in a series.
type counter struct {
	Last int `dynamodbav:"last"`
}

// raise is the write that gives the numbers after the last one. Whoever counted from an older last is refused, so none is left out and
// none is given twice.
func (n series) raise(last, by int) table.Update {
	u := table.Update{
		Key: n.key(), Do: "SET #last = :next", If: "#last = :last", With: map[string]any{":next": last + by, ":last": last},
	}
	if last == 0 {
		u.If = table.IfNew
		delete(u.With, ":last")
	}
	return u
}

// last is the last number given in a series: as remembered, else read. A wrong memory costs a refused transaction.
func (s *Service) last(ctx context.Context, n series) (int, error) {
	s.mu.Lock()
	last, known := s.numbers[n]
	s.mu.Unlock()
	if known {
		return last, nil
	}
	var c counter
	err := s.Table.Get(ctx, n.key(), &c)
	if errors.Is(err, table.ErrNotFound) {
		return 0, nil
	}
	return c.Last, err
}

func (s *Service) remember(n series, last int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.numbers == nil {
		s.numbers = map[series]int{}
	}
	s.numbers[n] = last
}

func (s *Service) forget(n series) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.numbers, n)
}

// Invoices lists the invoices of a subscription, newest first. 1 round trip, 0.5 RCU per 4 KB. Errors: table.ErrCursor.
func (s *Service) Invoices(ctx context.Context, subscriptionID string, limit int, after table.Cursor) ([]Invoice, table.Cursor, error) {
	return listed(ctx, s, subscriptionID, "INVOICE#", limit, after, func(i invoiceItem) Invoice { return i.Invoice })
}

// CreditNotes lists the credit notes of a subscription, newest first. 1 round trip, 0.5 RCU per 4 KB. Errors: table.ErrCursor.
func (s *Service) CreditNotes(ctx context.Context, subscriptionID string, limit int, after table.Cursor) ([]CreditNote, table.Cursor, error) {
	return listed(ctx, s, subscriptionID, "CREDIT#", limit, after, func(i creditItem) CreditNote { return i.Note.Value })
}

// History lists what happened to a subscription, newest first. 1 round trip, 0.5 RCU per 4 KB. Errors: table.ErrCursor.
func (s *Service) History(ctx context.Context, subscriptionID string, limit int, after table.Cursor) ([]Happening, table.Cursor, error) {
	return listed(ctx, s, subscriptionID, "HISTORY#", limit, after, same[Happening])
}

// same is what is stored when that is also what is told.
func same[T any](v T) T { return v }

func listed[Stored, T any](
	ctx context.Context, s *Service, id, prefix string, limit int, after table.Cursor, of func(Stored) T,
) ([]T, table.Cursor, error) {
	return parts(ctx, s, KeyOf(id).PK, prefix, limit, after, of)
}

// parts lists what stands under a key, last first.
func parts[Stored, T any](
	ctx context.Context, s *Service, pk, prefix string, limit int, after table.Cursor, of func(Stored) T,
) ([]T, table.Cursor, error) {
	page, err := s.Table.Query(ctx, table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :prefix)", With: map[string]any{":pk": pk, ":prefix": prefix},
		Limit: limit, After: after, Backwards: true,
	})
	if err != nil {
		return nil, "", err
	}
	out := make([]T, len(page.Items))
	for i, item := range page.Items {
		var stored Stored
		if err := item.Decode(&stored); err != nil {
			return nil, "", err
		}
		out[i] = of(stored)
	}
	return out, page.Next, nil
}

// Book reads one year's book of a series in the order of the numbers. 0.5 RCU per 4 KB.
func (s *Service) Book(ctx context.Context, name subscription.Series, year int, each func(BookEntry) error) error {
	return s.Table.All(ctx, table.Query{
		Index: table.ByTwo, Where: "#gsi2pk = :book", With: map[string]any{":book": fmt.Sprintf("BOOK#%s-%04d", name, year)},
	}, func(item table.Item) error {
		var in bookPlace
		if err := item.Decode(&in); err != nil {
			return err
		}
		return each(in.Card.Value)
	})
}
