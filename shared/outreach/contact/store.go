package contact

import (
	"context"
	"errors"
	"time"

	"dangol/shared/outreach/consent"
	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
)

// Store keeps contacts in the table Outreach. It is safe for concurrent use.
type Store struct{ Table *table.Table }

// Get reads a contact. 1 round trip. Errors: table.ErrNotFound.
func (s Store) Get(ctx context.Context, contactID string) (c Contact, err error) {
	err = s.Table.Get(ctx, KeyOf(contactID), &c)
	return c, err
}

// Of reads the contact of an address; one that is not known yet is New. 1 round trip.
func (s Store) Of(ctx context.Context, email string) (Contact, error) {
	c, err := s.Get(ctx, consent.ContactID(email))
	if errors.Is(err, table.ErrNotFound) {
		return New(email), nil
	}
	return c, err
}

// Change reads a contact, or begins a new one, lets change alter it, and stores it with the writes that change returns,
// all or nothing. A change that another one has overtaken is made again from what is there then. skip leaves everything
// as it is. 2 round trips, and 1 for each time that it was overtaken.
func (s Store) Change(
	ctx context.Context, email string, now time.Time, change func(*Contact) (writes []table.Write, skip bool, err error),
) (Contact, error) {
	return s.change(ctx, func() (Contact, error) { return s.Of(ctx, email) }, now, change)
}

// ChangeID is Change for a contact that is there. Errors: table.ErrNotFound.
func (s Store) ChangeID(
	ctx context.Context, contactID string, now time.Time,
	change func(*Contact) (writes []table.Write, skip bool, err error),
) (Contact, error) {
	return s.change(ctx, func() (Contact, error) { return s.Get(ctx, contactID) }, now, change)
}

// ChangeRead is ChangeID for a contact that was read already, with others in one call. 1 round trip. Errors:
// table.ErrNotFound.
func (s Store) ChangeRead(
	ctx context.Context, c Contact, now time.Time,
	change func(*Contact) (writes []table.Write, skip bool, err error),
) (Contact, error) {
	known := true
	return s.change(ctx, func() (Contact, error) {
		if known {
			known = false
			return c, nil
		}
		return s.Get(ctx, c.ID)
	}, now, change)
}

// change is what Change and ChangeID have in common.
func (s Store) change(
	ctx context.Context, read func() (Contact, error), now time.Time, change func(*Contact) ([]table.Write, bool, error),
) (Contact, error) {
	tried := false
	return table.Modify(ctx, func(_ context.Context, found table.Item) (c Contact, err error) {
		// The refusal has the contact that stood in the way; nothing when it was removed.
		if found != nil {
			return c, found.Decode(&c)
		}
		return read()
	}, func(ctx context.Context, c Contact) (Contact, error) {
		version := c.Version
		c.Overtaken, tried = tried, true
		writes, skip, err := change(&c)
		if err != nil || skip {
			return c, err
		}
		c.Version, c.Changed, c.WriteID = version+1, now, id.New("chg", now)
		// only what was read is replaced
		put := table.Put{Item: c, If: "#version = :read", With: map[string]any{":read": version}}
		if version == 0 {
			put.If, put.With = table.IfNew, nil
		}
		return c, s.store(ctx, put, c.WriteID, writes)
	})
}

// store writes a contact, alone or with others. A write of ours whose answer was lost is recognized by its id. Errors:
// table.Stale when the contact was not as it was read.
func (s Store) store(ctx context.Context, put table.Put, writeID string, writes []table.Write) (err error) {
	if len(writes) == 0 {
		err = s.Table.Put(ctx, put)
	} else {
		err = s.Table.Transact(ctx, writeID, append([]table.Write{put}, writes...)...)
	}
	// The contact is the first write, so a refusal at 0 says that somebody else has changed it.
	found, met := table.Met(err, 0)
	switch {
	case table.AlreadyWritten(err, 0, writeID):
		return nil
	case met:
		return table.Stale(err, found)
	default:
		return err
	}
}
