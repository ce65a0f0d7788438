package invoice

import (
	"context"
	"fmt"
	"strings"
	"time"

	"dangol/shared/platform/table"
)

// bookKeys are the index keys under which an invoice or credit note stands in the book of its year.
type bookKeys struct {
	Book   string                  `dynamodbav:"gsi2pk"`
	BookAt string                  `dynamodbav:"gsi2sk"`
	Card   table.Packed[BookEntry] `dynamodbav:"card"`
}

// BookEntry is a line of the year's book of invoices or credit notes.
type BookEntry struct {
	Number         string    `json:"number"`
	SubscriptionID string    `json:"subscriptionId"`
	State          State     `json:"state,omitempty"`
	Amount         int64     `json:"amount"`
	Currency       string    `json:"currency"`
	Issued         time.Time `json:"issued"`
}

// keys puts the entry into its book, "BOOK#INV-2026", sorted by its number. All entries of a year
// are in one partition: a book is written as fast as its counter, which is one item too.
func (e BookEntry) keys() bookKeys {
	// The last hyphen ends the book's name: behind it stand six digits, or more from the millionth number on.
	book := e.Number[:strings.LastIndexByte(e.Number, '-')]
	return bookKeys{Book: "BOOK#" + book, BookAt: bookPosition(e.Number), Card: table.Packed[BookEntry]{Value: e}}
}

// bookPosition is the sort key of a number in its book. Text sorts like the numbers as long as these have six digits;
// for each further digit a "~", which is after every digit, keeps the longer ones behind.
func bookPosition(number string) string {
	const digits = len("000123")
	hyphen := strings.LastIndexByte(number, '-')
	further := max(0, len(number)-hyphen-1-digits)
	return number[:hyphen+1] + strings.Repeat("~", further) + number[hyphen+1:]
}

// bookKey is the partition of a series in a year.
func bookKey(series Series, year int) string { return fmt.Sprintf("BOOK#%s-%04d", series, year) }

// pageSize is how many entries are read at once where all are wanted.
const pageSize = 100

// Store reads invoices and credit notes.
type Store struct{ Table *table.Table }

// Of lists the invoices of a subscription, newest first. 1 round trip, 0.5 RCU per 4 KB. Errors: table.ErrCursor.
func (s Store) Of(ctx context.Context, subscriptionID string, limit int, after table.Cursor) ([]Invoice, table.Cursor,
	error) {
	return table.Latest(ctx, s.Table, partition(subscriptionID), "INVOICE#", limit, after,
		func(i Item) Invoice { return i.Invoice })
}

// CreditNotesOf lists the credit notes of a subscription, newest first. 1 round trip, 0.5 RCU per 4 KB. Errors:
// table.ErrCursor.
func (s Store) CreditNotesOf(
	ctx context.Context, subscriptionID string, limit int, after table.Cursor,
) ([]CreditNote, table.Cursor, error) {
	return table.Latest(ctx, s.Table, partition(subscriptionID), "CREDIT#", limit, after,
		func(i CreditItem) CreditNote { return i.Note.Value })
}

// CreditNote reads one of a subscription's credit notes by its number; nil when it has none of it. 1 round trip as a
// rule: notes are few.
func (s Store) CreditNote(ctx context.Context, subscriptionID, number string) (*CreditNote, error) {
	var after table.Cursor
	for {
		notes, next, err := s.CreditNotesOf(ctx, subscriptionID, pageSize, after)
		if err != nil {
			return nil, err
		}
		for i := range notes {
			if notes[i].Number == number {
				return &notes[i], nil
			}
		}
		if after = next; next == "" {
			return nil, nil
		}
	}
}

// Book reads one year's book of a series in the order of the numbers. 0.5 RCU per 4 KB.
func (s Store) Book(ctx context.Context, series Series, year int, each func(BookEntry) error) error {
	return s.Table.All(ctx, bookQuery(series, year), func(item table.Item) error {
		e, err := entryOf(item)
		if err != nil {
			return err
		}
		return each(e)
	})
}

// BookPage reads a page of Book. 1 round trip, 0.5 RCU per 4 KB. Errors: table.ErrCursor.
func (s Store) BookPage(
	ctx context.Context, series Series, year, limit int, after table.Cursor,
) ([]BookEntry, table.Cursor, error) {
	q := bookQuery(series, year)
	q.Limit = limit
	q.After = after
	page, err := s.Table.Query(ctx, q)
	if err != nil {
		return nil, "", err
	}
	out := make([]BookEntry, len(page.Items))
	for i, item := range page.Items {
		if out[i], err = entryOf(item); err != nil {
			return nil, "", err
		}
	}
	return out, page.Next, nil
}

// Booked is a line of a book with the key of its document.
type Booked struct {
	BookEntry
	Key table.Key
}

// Latest reads a page of a year's book from the newest number down: who is interested in the last days stops there. 1
// round trip, 0.5 RCU per 4 KB. Errors: table.ErrCursor.
func (s Store) Latest(
	ctx context.Context, series Series, year, limit int, after table.Cursor,
) ([]Booked, table.Cursor, error) {
	q := bookQuery(series, year)
	q.Limit, q.After, q.Backwards = limit, after, true
	page, err := s.Table.Query(ctx, q)
	if err != nil {
		return nil, "", err
	}
	out := make([]Booked, len(page.Items))
	for i, item := range page.Items {
		entry, err := entryOf(item)
		if err != nil {
			return nil, "", err
		}
		out[i] = Booked{entry, item.Key()}
	}
	return out, page.Next, nil
}

// KeyOf is the key of the invoice of a subscription's period; seq is the period's number.
func KeyOf(subscriptionID string, seq int) table.Key {
	return table.Key{PK: partition(subscriptionID), SK: fmt.Sprintf("INVOICE#%06d", seq)}
}

// Find finds a number in the books; nil when it is in none. 1 round trip.
func (s Store) Find(ctx context.Context, number string) (*BookEntry, error) {
	series, year, _, err := ParseNumber(number)
	if err != nil {
		// What is no number is in no book, which for a search is no error.
		return nil, nil
	}
	page, err := s.Table.Query(ctx, table.Query{
		Index: table.ByTwo, Where: "#gsi2pk = :book AND #gsi2sk = :number",
		With: map[string]any{":book": bookKey(series, year), ":number": bookPosition(number)}, Limit: 1,
	})
	if err != nil || len(page.Items) == 0 {
		return nil, err
	}
	e, err := entryOf(page.Items[0])
	return &e, err
}

// bookQuery reads a book in the order of the numbers.
func bookQuery(series Series, year int) table.Query {
	return table.Query{Index: table.ByTwo, Where: "#gsi2pk = :book", With: map[string]any{":book": bookKey(series, year)}}
}

// entryOf unpacks the entry that the index projects, so that the documents themselves are not read.
func entryOf(item table.Item) (BookEntry, error) {
	var in bookKeys
	err := item.Decode(&in)
	return in.Card.Value, err
}
