package promotion

import (
	"cmp"
	"slices"
)

// MaxExact is up to how many promotions that reach a basket the cheapest
// combination is found for certain. Each one more doubles the combinations to try.
const MaxExact = 8

// effort bounds the search beyond MaxExact, in lines looked at by promotions: about 0.1 ms.
const effort = 3_000

// choose finds the combination that the shopper gets.
func (a *application) choose() *evaluation {
	// A basket without any promotion is the first best: what
	// is not better than that does not apply.
	s := &search{a: a, best: a.begin(), trial: a.begin(), waived: a.shipping != nil}
	s.close(s.best)
	var exclusive []*candidate
	promotions := 0
	for _, c := range a.candidates {
		switch reason, _ := a.reaches(c); {
		case reason != "":
		case c.p.Exclusive:
			// Exclusive ones are tried alone at the end; they are in no combination.
			exclusive = append(exclusive, c)
		default:
			s.candidates = append(s.candidates, c)
			// A member's percentages do not count: they come last and
			// exclude each other, so they add little to the search.
			if !c.discount {
				promotions++
			}
		}
		s.waived = s.waived || c.class == shipping
	}
	if promotions <= MaxExact {
		s.exact()
	} else {
		s.beyond()
	}
	s.singles(exclusive)
	return s.best
}

// search looks for the cheapest combination of the candidates that are not exclusive.
type search struct {
	a          *application // the basket
	candidates []*candidate
	best       *evaluation // the best combination so far
	trial      *evaluation // memory for one try

	waived bool // a candidate, or a membership, may waive the shipping

	bound []int64               // what candidates from a place on take off at most
	depth []*evaluation         // memory of each depth of the search
	owns  map[*candidate][]bool // see claims
}

// close gives a member's free shipping its turn and settles. It reports whether the combination is possible.
func (s *search) close(e *evaluation) bool {
	if s.a.shipping != nil {
		e.include(s.a.shipping, nil)
	}
	return e.settle()
}

// consider keeps the combination in trial when it is better than the best so far.
func (s *search) consider() {
	if s.close(s.trial) && s.trial.better(s.best) {
		s.best, s.trial = s.trial, s.best
	}
}

// exact tries all combinations, leaving out those that cannot be cheaper than the best found.
func (s *search) exact() {
	// Sums from the end: what all candidates from a place on could take off together.
	s.bound = make([]int64, len(s.candidates)+1)
	for i := len(s.candidates) - 1; i >= 0; i-- {
		s.bound[i] = s.bound[i+1] + s.a.most(s.candidates[i])
	}
	s.depth = make([]*evaluation, len(s.candidates)+1)
	for i := range s.depth {
		s.depth[i] = &evaluation{}
	}
	s.node(0, s.a.begin(), 0)
}

// node decides on the candidate with number i. must are the numbers of candidates for which lines were left: they have
// to come.
func (s *search) node(i int, e *evaluation, must uint64) {
	if i == len(s.candidates) {
		s.trial.copy(e)
		s.consider()
		return
	}
	// Even if all the rest took off the most they can, it would not be better.
	// Equal cost goes on, because gifts, codes and priorities decide then.
	if s.least(e)-s.bound[i] > s.best.cost {
		return
	}
	c := s.candidates[i]
	for _, option := range s.options(i, e) {
		next := s.depth[i]
		// The memory of this depth is used again by each option; deeper nodes have their own.
		next.copy(e)
		if next.include(c, option.leave) == "" {
			s.node(i+1, next, must&^(1<<i)|option.to)
		}
	}
	// Without the candidate, unless an earlier one left
	// lines to it: then the combination is tried elsewhere.
	if must&(1<<i) == 0 {
		s.node(i+1, e, must)
	}
}

// least is what a combination costs at least that gives no more than the evaluation does so far.
func (s *search) least(e *evaluation) int64 {
	goods := e.d.Goods() - e.value
	// A candidate may waive the shipping later, so only the goods are certain.
	if s.waived {
		return goods
	}
	return goods + e.d.Shipping(&s.a.b, s.a.shop)
}

// option is a way to take part: with lines left to candidates that come later.
type option struct {
	leave []bool // by line: left to others; nil for none
	to    uint64 // numbers of the candidates that get them, as bits
}

// options lists the ways in which candidate i can take part. Lines that it shares with a later one that it does not
// combine with are its own, or the other's: see Apply.
func (s *search) options(i int, e *evaluation) []option {
	c := s.candidates[i]
	all := []option{{}}
	if c.class != product || !e.admits(c) {
		return all
	}
	for j := i + 1; j < len(s.candidates); j++ {
		o := s.candidates[j]
		if !c.contests(o) {
			continue
		}
		leave := s.left(c, o)
		if leave == nil {
			continue
		}
		for _, before := range all {
			both := slices.Clone(leave)
			for n := range before.leave {
				both[n] = both[n] || before.leave[n]
			}
			// Something must be left for the candidate itself;
			// else this is the same as leaving it out.
			if slices.ContainsFunc(c.get, func(n int) bool { return !both[n] }) {
				all = append(all, option{both, before.to | 1<<j})
			}
		}
	}
	return all
}

// left is the lines that c leaves to o, nil for none.
func (s *search) left(c, o *candidate) []bool {
	leave, any := make([]bool, len(s.a.lines)), false
	owns := s.claims(o)
	for _, n := range c.get {
		line := s.a.lines[n]
		// When both take per unit, the line goes to the one that
		// takes more, so the other way round need not be tried.
		leave[n] = owns[n] && !(c.perUnit && o.perUnit && c.takes(line, s.a.b.Currency) >= o.takes(line, s.a.b.Currency))
		any = any || leave[n]
	}
	if !any {
		return nil
	}
	return leave
}

// claims is the lines that a candidate takes from when it is alone, or that a gift is given for: those have to be free,
// too. It is kept, because each pair of candidates looks it up.
func (s *search) claims(c *candidate) []bool {
	if own, ok := s.owns[c]; ok {
		return own
	}
	own := make([]bool, len(s.a.lines))
	e := s.a.begin()
	e.include(c, nil)
	gift := len(e.steps) > 0 && c.p.Kind == FreeGift
	for n := range own {
		own[n] = e.d.Left(n) < s.a.fresh.Left(n) || gift && slices.Contains(c.lines, n)
	}
	if s.owns == nil {
		s.owns = map[*candidate][]bool{}
	}
	s.owns[c] = own
	return own
}

// singles tries candidates alone, those first that could take most off. It ends with the first that cannot be better.
func (s *search) singles(alone []*candidate) {
	for _, c := range byMost(s.a, alone) {
		s.trial.reset(s.a)
		// The list is in the order of the bounds, so no later one can be better either.
		if s.least(s.trial)-c.most > s.best.cost {
			return
		}
		if s.trial.include(c.candidate, nil) == "" {
			s.consider()
		}
	}
}

// bounded is a candidate with the most that it can take off.
type bounded struct {
	*candidate
	most int64 // minor units
}

// byMost sorts candidates by the most that they can take off, the largest first.
func byMost(a *application, candidates []*candidate) []bounded {
	list := make([]bounded, len(candidates))
	for i, c := range candidates {
		list[i] = bounded{c, a.most(c)}
	}
	slices.SortStableFunc(list, func(x, y bounded) int { return cmp.Compare(y.most, x.most) })
	return list
}

// beyond looks for a cheap combination of many candidates: all by priority, all with lines left to whoever takes most
// of them, those first that could take most off, and each alone; then it leaves out, or brings in, one at a time as
// long as that is better.
func (s *search) beyond() {
	s.joint(s.candidates, nil)
	if leave := s.contested(); leave != nil {
		s.joint(s.candidates, leave)
	}
	s.largest()
	s.singles(s.candidates)
	// Counted in lines looked at, not in time: the same basket must always get the same answer.
	spent, cost := 0, len(s.a.lines)
	for _, c := range s.candidates {
		cost += len(c.lines) + 5
	}
	for improved := true; improved && spent < effort; {
		improved = false
		for _, c := range s.candidates {
			if spent += cost; spent > effort {
				return
			}
			before := s.best.cost
			s.flip(c)
			improved = improved || s.best.cost < before
		}
	}
}

// joint tries all of the candidates that may follow each other, in the order of their turns.
func (s *search) joint(candidates []*candidate, leave map[*candidate][]bool) {
	s.trial.reset(s.a)
	for _, c := range candidates {
		s.trial.include(c, leave[c])
	}
	s.consider()
}

// contested says for candidates that are perUnit which lines another one takes more of, with which they do not combine;
// nil when there is nothing of the kind.
func (s *search) contested() map[*candidate][]bool {
	var each []*candidate
	mixed := false
	for _, c := range s.candidates {
		if c.perUnit {
			each = append(each, c)
			mixed = mixed || c.with&product == 0
		}
	}
	// Comparing all pairs would cost more than the whole search may.
	if !mixed || len(each)*len(each) > effort {
		return nil
	}
	leave := map[*candidate][]bool{}
	for _, c := range each {
		for _, o := range each {
			if c == o || !c.contests(o) {
				continue
			}
			for _, n := range c.lines {
				line := s.a.lines[n]
				mine, other := c.takes(line, s.a.b.Currency), o.takes(line, s.a.b.Currency)
				if slices.Contains(o.lines, n) && (other > mine || other == mine && o.place < c.place) {
					if leave[c] == nil {
						leave[c] = make([]bool, len(s.a.lines))
					}
					leave[c][n] = true
				}
			}
		}
	}
	return leave
}

// largest takes the candidates that could take most off as long as they combine, and tries these.
func (s *search) largest() {
	var chosen []*candidate
	var together evaluation
	for _, c := range byMost(s.a, s.candidates) {
		if together.admits(c.candidate) {
			together.add(step{c: c.candidate})
			chosen = append(chosen, c.candidate)
		}
	}
	if len(chosen) == len(s.candidates) {
		return
	}
	slices.SortFunc(chosen, func(x, y *candidate) int { return cmp.Compare(x.place, y.place) })
	s.joint(chosen, nil)
}

// flip tries the best combination without a candidate that is in it, or with one that is not, which then takes the
// place of those with which it does not combine.
func (s *search) flip(c *candidate) {
	var list []*candidate
	out := s.best.find(c) != nil
	for i := range s.best.steps {
		o := s.best.steps[i].c
		if o == s.a.shipping || o == c || !out && !o.combines(c) && !o.contests(c) {
			continue
		}
		list = append(list, o)
	}
	if !out {
		list = append(list, c)
		slices.SortFunc(list, func(x, y *candidate) int { return cmp.Compare(x.place, y.place) })
	}
	s.joint(list, nil)
}
