package stock

import "dangol/shared/platform/table"

// Hold plans taking the wants out of the buckets as they were read. pick spreads buyers over the buckets: the search
// starts at bucket pick modulo their number. It returns the writes for the buyer's transaction, what they take, and the
// variants of which there is not enough; when short is not empty nothing may be written, and writes and taken are nil.
//
// The writes carry their own conditions, so a plan made from old levels is refused and never oversells: read again and
// plan again.
func Hold(levels map[table.Key]Level, wants []Request, pick int) (writes []table.Write, taken []Allocation,
	short []string) {
	// Summed per variant first: two wants of one variant would each find enough.
	for _, w := range perVariant(wants) {
		from := choose(levels, w, pick)
		if from == nil {
			short = append(short, w.VariantID)
			continue
		}
		for _, take := range from {
			writes = append(writes, take.out(w.Backorder))
		}
		taken = append(taken, from...)
	}
	// All or nothing: a cart that lacks one variant holds none of the others.
	if len(short) > 0 {
		return nil, nil, short
	}
	return writes, taken, nil
}

// choose finds the buckets for one want: a single one when one has enough, because each further bucket is a further
// write, else as few as come up from the start on. nil means that all together are too little.
func choose(levels map[table.Key]Level, w Request, pick int) []Allocation {
	// n is at least 1, see perVariant. pick may be a hash and negative, hence the second modulo.
	n := w.Buckets
	start := ((pick % n) + n) % n
	for i := range n {
		b := (start + i) % n
		if levels[KeyOf(w.VariantID, b)].Available >= w.Quantity {
			return []Allocation{{w.VariantID, b, w.Quantity}}
		}
	}
	// On backorder the counter may go below zero, so one bucket takes all.
	if w.Backorder {
		return []Allocation{{w.VariantID, start, w.Quantity}}
	}
	// No bucket alone has enough: collect from several. The last
	// units stay sellable that way, at the price of more writes.
	var from []Allocation
	left := w.Quantity
	for i := range n {
		b := (start + i) % n
		has := min(levels[KeyOf(w.VariantID, b)].Available, left)
		if has <= 0 {
			continue
		}
		from = append(from, Allocation{w.VariantID, b, has})
		if left -= has; left == 0 {
			return from
		}
	}
	return nil
}

// out is the write that takes the units out of the bucket.
func (t Allocation) out(backorder bool) table.Update {
	u := table.Update{
		Key: KeyOf(t.VariantID, t.Bucket), Do: "ADD #available :minus",
		If:   "#available >= :n", // no counter below zero
		With: map[string]any{":minus": -t.Quantity, ":n": t.Quantity},
	}
	// Without the floor condition the counter only has to exist.
	if backorder {
		u.If = table.IfExists
		delete(u.With, ":n")
	}
	return u
}

// Release plans giving back what a hold took. Put the writes into the transaction that ends the hold: they add, so they
// must take effect once.
func Release(taken []Allocation) []table.Write {
	writes := make([]table.Write, len(taken))
	for i, t := range taken {
		writes[i] = table.Update{
			Key: KeyOf(t.VariantID, t.Bucket), Do: "ADD #available :n", If: table.IfExists,
			With: map[string]any{":n": t.Quantity},
		}
	}
	return writes
}
