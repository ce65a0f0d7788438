package promotion

import "time"

// CodeOwner is the promotion that a code brings in at a moment, however the code is written; nil when none has it.
// Where several have it, one that is live goes first, then one that is to come.
func (s *Set) CodeOwner(code string, at time.Time) *Promotion {
	if i := s.owner(NormalizeCode(code), at); i >= 0 {
		return s.promotions[i]
	}
	return nil
}
