package pricing

// whole is 100 % in basis points.
const whole = 10_000

// PlanPercent plans to take a percentage, in basis points, off these lines together, rounded once and a half up. most
// is how many units of each line get it, the dearest first; 0 is all. Where a floor leaves less than the percentage,
// what is left counts before the rounding, so that no rounded unit goes to one that refuses it and a further unit never
// makes the rest dearer. With move, which lets Take move what floors refuse, each unit counts in full.
func (d *Draft) PlanPercent(lines []int, most, basisPoints int, move bool) {
	p := percent{d: d, most: most, basisPoints: int64(basisPoints), move: move}
	d.weights = d.weights[:0]
	rest := int64(whole / 2) // half a unit is rounded up
	for _, i := range lines {
		of := p.line(i, true)
		d.weights = append(d.weights, of)
		rest += of
	}
	d.sharing.rests = d.sharing.rests[:0]
	d.shares = append(d.shares[:0], d.weights...)
	over := rest / whole
	for n, of := range d.weights {
		d.shares[n] = of / whole
		over -= of / whole
		d.sharing.rests = append(d.sharing.rests, uint64(of%whole))
	}
	if over > 0 {
		d.sharing.hand(d.shares, int(over))
	}
	for n, i := range lines {
		if d.shares[n] > 0 {
			p.line(i, false) // the remainders of its units
			l := &d.lines[i]
			d.sharing.hand(d.plan[l.first:l.end], int(d.shares[n]))
		}
	}
}

// percent is a percentage while a draft plans it.
type percent struct {
	d           *Draft
	most        int
	basisPoints int64
	move        bool
}

// line lists the remainders of the line's units in the draft's sharing, in parts of whole, and returns their sum. With
// plan it plans the full units.
func (p *percent) line(i int, plan bool) (rest int64) {
	l, d := &p.d.lines[i], p.d
	units := d.units[l.first:l.end]
	least, equal := int64(0), len(units)
	if p.most > 0 && p.most < len(units) {
		least, equal = d.sharing.dearest(units, p.most)
	}
	d.sharing.rests = d.sharing.rests[:0]
	for u, cost := range units {
		if cost < least || cost == least && equal == 0 {
			d.sharing.rests = append(d.sharing.rests, 0)
			continue
		}
		if cost == least {
			equal--
		}
		// In two steps, because the product of a price and
		// the basis points may need more than 64 bits.
		part := cost % whole * p.basisPoints
		share, of := cost/whole*p.basisPoints+part/whole, part%whole
		if room := d.Room(i, u); !p.move && share >= room {
			share, of = room, 0
		}
		if plan {
			d.plan[l.first+u] += share
		}
		d.sharing.rests = append(d.sharing.rests, uint64(of))
		rest += of
	}
	return rest
}

// dearest is what the nth dearest unit costs, and how many of those that cost the same are among the first n.
func (s *sharing) dearest(units []int64, n int) (least int64, equal int) {
	s.order = s.order[:0]
	for _, cost := range units {
		s.order = append(s.order, uint64(cost))
	}
	least, equal = int64(nth(s.order, n)), n
	for _, cost := range units {
		if cost > least {
			equal--
		}
	}
	return least, equal
}
