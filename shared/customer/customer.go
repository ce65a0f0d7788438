// Package customer is what the shop knows of a customer besides their orders: mail address, name, an address book, and
// what the shop noted. A profile is one item next to the customer's cart, made when they first order or save an
// address.
package customer

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"dangol/shared/address"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/format"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// The most that one profile keeps.
const (
	maxAddresses = 20
	maxNotes     = 100
	maxNote      = 2000 // characters
	maxName      = 100  // characters
	// maxNotesBytes is what all notes together take in the item, of which DynamoDB takes 400 KB: 100 of the longest in
	// Hangul would take 600 KB.
	maxNotesBytes = 100 << 10
)

// Profile is one customer.
type Profile struct {
	table.Key
	IndexKeys
	ID        string                   `dynamodbav:"id"` // the token's sub
	Email     string                   `dynamodbav:"email,omitempty"`
	Name      string                   `dynamodbav:"name,omitempty"`
	Language  string                   `dynamodbav:"language,omitempty"`
	Addresses table.List[SavedAddress] `dynamodbav:"addresses,omitempty"` // the default comes first
	Notes     table.List[Note]         `dynamodbav:"notes,omitempty"`     // the shop's, newest first
	Since     time.Time                `dynamodbav:"since"`
	Version   int                      `dynamodbav:"version"`
}

// SavedAddress is an entry of the address book.
type SavedAddress struct {
	ID      string          `json:"id" example:"adr_01k9x7d3f8q7m2k"`
	Address address.Address `json:"address"`
}

// Note is something the shop noted about a customer, for itself.
type Note struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	Text string    `json:"text"`
}

// IndexKeys is where the profile stands in the shop's lists, by mail address and, when there is one, by name. One key
// holds all: it is written when a customer is new or has another address, which is rare beside the 1,000 writes a
// second that a key takes.
type IndexKeys struct {
	List   string                `dynamodbav:"gsi1pk"`
	ListAt string                `dynamodbav:"gsi1sk"`
	Names  string                `dynamodbav:"gsi2pk,omitempty"`
	NameAt string                `dynamodbav:"gsi2sk,omitempty"`
	Card   table.Packed[Summary] `dynamodbav:"card"`
}

// Summary is what a list shows of a customer.
type Summary struct {
	ID    string    `json:"id"`
	Email string    `json:"email,omitempty"`
	Name  string    `json:"name,omitempty"`
	Since time.Time `json:"since"`
}

// The partitions of the two lists.
const (
	listKey  = "CUSTOMERS"
	namesKey = "CUSTOMER_NAMES"
)

// KeyOf is the key of a customer's profile.
func KeyOf(customerID string) table.Key {
	return table.Key{PK: "CUSTOMER#" + customerID, SK: "PROFILE"}
}

// Store keeps profiles.
type Store struct {
	Table *table.Table
	Clock clock.Clock
}

// Get reads a profile; of somebody who has none yet an empty one. 1 round trip, 1 RCU per 4 KB.
func (s Store) Get(ctx context.Context, customerID string) (*Profile, error) {
	p := Profile{}
	err := s.Table.Get(ctx, KeyOf(customerID), &p)
	if errors.Is(err, table.ErrNotFound) {
		return &Profile{Key: KeyOf(customerID), ID: customerID, Since: s.Clock.Now()}, nil
	}
	return &p, err
}

// Change applies a rule to a profile; changed false writes nothing. 2 round trips when nobody else changes it. Errors:
// those of the rule, 503 busy.
func (s Store) Change(ctx context.Context, customerID string, rule func(*Profile) (changed bool, err error)) (*Profile,
	error) {
	return table.Modify(ctx, func(ctx context.Context, _ table.Item) (*Profile, error) { return s.Get(ctx, customerID) },
		func(ctx context.Context, p *Profile) (*Profile, error) {
			read := p.Version
			changed, err := rule(p)
			if err != nil || !changed {
				return p, err
			}
			p.Version = read + 1
			p.index()
			put := table.Put{Item: p, If: table.IfNew} // the first writer makes it
			if read > 0 {
				put = table.Put{Item: p, If: "#version = :read", With: map[string]any{":read": read}}
			}
			err = s.Table.Put(ctx, put)
			if _, met := table.Failed(err); met {
				return nil, table.Stale(err, nil)
			}
			return p, err
		})
}

// Met notes who somebody is as their order says it; what they are called already is left to them.
func (p *Profile) Met(email, name, language string) (changed bool) {
	if email != "" && p.Email != email {
		p.Email, changed = email, true
	}
	if name != "" && p.Name == "" {
		p.Name, changed = name, true
	}
	if language != "" && p.Language == "" {
		p.Language, changed = language, true
	}
	return changed || p.Version == 0
}

// Rename changes what a customer is called and the language that the shop writes to them in; nil leaves one as it is.
// An order leaves both alone afterwards, see Met. Errors: 422 invalid_input.
func (p *Profile) Rename(name, language *string) (changed bool, err error) {
	if name != nil {
		called, err := format.DisplayName("/name", *name, maxName)
		if err != nil {
			return false, err
		}
		changed, p.Name = called != p.Name, called
	}
	if language != nil {
		spoken, err := format.Language("/language", *language)
		if err != nil {
			return false, err
		}
		changed, p.Language = changed || spoken != p.Language, spoken
	}
	return changed, nil
}

// AddAddress puts an address into the book; the first one, and a new default, come first. An address that is there
// already is kept once. Errors: 409 too_many_addresses.
func (p *Profile) AddAddress(a address.Address, first bool, now time.Time) (SavedAddress, error) {
	saved := SavedAddress{ID: id.New("adr", now), Address: a}
	if i := slices.IndexFunc(p.Addresses, func(o SavedAddress) bool { return o.Address == a }); i >= 0 {
		saved = p.Addresses[i]
		if !first {
			return saved, nil
		}
		p.Addresses = slices.Delete(p.Addresses, i, i+1)
	}
	if len(p.Addresses) >= maxAddresses {
		return saved, problem.Conflict("too_many_addresses", "An address book has at most %d addresses.", maxAddresses)
	}
	if first {
		p.Addresses = slices.Insert(p.Addresses, 0, saved)
	} else {
		p.Addresses = append(p.Addresses, saved)
	}
	return saved, nil
}

// ReplaceAddress changes an entry of the book. Errors: 404 address_not_found.
func (p *Profile) ReplaceAddress(addressID string, a address.Address, first bool) error {
	i, err := p.find(addressID)
	if err != nil {
		return err
	}
	changed := SavedAddress{ID: addressID, Address: a}
	p.Addresses[i] = changed
	if first {
		p.Addresses = slices.Insert(slices.Delete(p.Addresses, i, i+1), 0, changed)
	}
	return nil
}

// RemoveAddress takes an entry out of the book. Errors: 404 address_not_found.
func (p *Profile) RemoveAddress(addressID string) error {
	i, err := p.find(addressID)
	if err == nil {
		p.Addresses = slices.Delete(p.Addresses, i, i+1)
	}
	return err
}

func (p *Profile) find(addressID string) (int, error) {
	i := slices.IndexFunc(p.Addresses, func(a SavedAddress) bool { return a.ID == addressID })
	if i < 0 {
		return i, problem.NotFound("address_not_found", "The address book has no such address.")
	}
	return i, nil
}

// AddNote notes something about the customer. The oldest notes go when there are more than maxNotes, or when they take
// more than maxNotesBytes: a shop can always note something. Errors: 422 invalid_input.
func (p *Profile) AddNote(n Note) error {
	if err := problem.CheckText(n.Text, 1, maxNote, "/text"); err != nil {
		return err
	}
	p.Notes = slices.Insert(p.Notes, 0, n)
	p.Notes = p.Notes[:min(len(p.Notes), maxNotes)]
	size := 0
	for i, n := range p.Notes {
		raw, err := json.Marshal(n) // as it is stored
		if err != nil {
			return err
		}
		if size += len(raw) + len(","); size > maxNotesBytes {
			p.Notes = p.Notes[:i]
			break
		}
	}
	return nil
}

// AccessPatterns are the ways in which profiles are read and written; a test measures them.
var AccessPatterns = []table.Pattern{
	{Name: "read a customer's profile", Key: "CUSTOMER#<sub> / PROFILE", Trips: 1, Read: 1, Note: "about 1 KB"},
	{Name: "list customers", Key: "CUSTOMERS / <mail address>#<sub>", Index: table.ByOne, Trips: 1,
		Read: 0.5, Note: "a page of cards"},
	{Name: "find customers by name or mail address", Key: "CUSTOMER_NAMES / <name>#<sub>, then CUSTOMERS",
		Index: table.ByTwo, Trips: 2, Read: 1, Note: "a page of cards; a name first, then mail addresses"},
}
