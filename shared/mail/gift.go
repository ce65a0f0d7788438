package mail

import "strconv"

// SubscriptionGift tells somebody that they have been given a subscription, with the link that claims it. Until is
// YYYY-MM-DD, the first day on which it no longer can be. The link's secret stands behind a #, so no server on the way
// logs it.
type SubscriptionGift struct {
	SubscriptionID string
	Plan           string
	Name           string
	From           string // the giver
	Message        string
	Cycles         int
	Until          string
	Token          string
}

// Template is "subscription_gift".
func (SubscriptionGift) Template() string { return "subscription_gift" }

func (c SubscriptionGift) missing() []string {
	missing := need(field{"subscriptionID", c.SubscriptionID}, field{"plan", c.Plan}, field{"until", c.Until},
		field{"token", c.Token})
	if c.Cycles < 1 {
		missing = append(missing, "cycles")
	}
	return missing
}

// Times is the number of deliveries or periods.
func (c SubscriptionGift) Times() string { return strconv.Itoa(c.Cycles) }
