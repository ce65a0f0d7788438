package service

import (
	"context"

	"dangol/shared/membership"
	"dangol/shared/membership/entitlements"
	"dangol/shared/platform/table"
)

// entitlement is who has something of the subscription as it stands, and what; nobody has a nil Held.
type entitlement struct {
	by string
	// Embedded, so that its fields are compared and read directly; nil when there is nothing to
	// have.
	*membership.Entitlement
}

// entitlement is what the subscription gives now. A gift that nobody has claimed gives nothing.
func (r *Record) entitlement() entitlement {
	h, ok := r.Sub.Membership(r.Title())
	if by := r.Sub.Holder(); ok && by != "" {
		return entitlement{by, &h}
	}
	return entitlement{}
}

// same reports whether holder and benefits are as before, so that no write is needed.
func (h entitlement) same(o entitlement) bool {
	return h.by == o.by && (h.Entitlement == nil || *h.Entitlement == *o.Entitlement)
}

// entitlementWrites are the writes of the holder's entitlements; none when nothing changed. When a
// subscription goes to another holder, it is removed from the first one.
func (w *changeSet) entitlementWrites() (all []table.Write) {
	had, has := w.before, w.next.entitlement()
	if had.same(has) {
		return nil
	}
	id, version := w.next.Sub.ID, w.next.Version
	if had.Entitlement != nil && had.by != has.by {
		all = append(all, entitlements.Write(had.by, id, version, nil))
	}
	if has.Entitlement != nil {
		all = append(all, entitlements.Write(has.by, id, version, has.Entitlement))
	}
	return all
}

// Entitlements reads what memberships a customer has, strongly consistent. 1 round trip, 1 RCU.
func (s *Service) Entitlements(ctx context.Context, customerID string) (membership.Entitlements, error) {
	items, err := s.Table.BatchGet(ctx, true, entitlements.KeyOf(customerID))
	if err != nil {
		return nil, err
	}
	return entitlements.Decode(items[entitlements.KeyOf(customerID)])
}
