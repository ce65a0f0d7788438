package subscription

// Holder is the customer who has the benefits: the subscriber, and nobody of a gift, which is for somebody else.
func (s *Subscription) Holder() string {
	if s.Gift != nil {
		return ""
	}
	return s.CustomerID
}
