package cart

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"dangol/events"
	"dangol/shared/platform/event"
)

// announceEvery is how often a cart that keeps changing says so. Whoever is reminded of it is reminded hours later, and
// each event costs the relay, the bus, and a change of the reminder.
const announceEvery = 5 * time.Minute

// announce puts cart.changed onto a cart of somebody who can be written to: with the first change, when who is written
// to changes, and else once in announceEvery. An event that this change attached itself, such
// as cart.merged, stays: an item carries one event, and that one says more.
func (c *Cart) announce(now time.Time) {
	if c.Email == "" || len(c.Lines) == 0 || c.State != Open || c.Event != nil {
		return
	}
	body := events.CartChanged{
		CartID: c.ID, CustomerID: c.CustomerID, Email: c.Email, Language: c.Language, Currency: c.Currency,
		Lines: len(c.Lines),
	}
	to := announcedTo(body)
	if c.announced(to, now) {
		return
	}
	if changed, err := event.New(context.Background(), now, body); err == nil { // texts and numbers always become JSON
		c.Event, c.Announced = changed, strconv.FormatInt(now.UnixMilli(), 10)+" "+to
	}
}

// announcedTo tells apart to whom and about which cart an announcement was made. How many lines there were does not
// matter. 64 bits are enough: it is compared with one other.
func announcedTo(body events.CartChanged) string {
	body.Lines = 0
	raw, _ := json.Marshal(body) // texts and numbers always become JSON
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}

// announced reports whether the cart said a short time ago that it changes, to the same person.
func (c *Cart) announced(to string, now time.Time) bool {
	at, last, _ := strings.Cut(c.Announced, " ")
	milliseconds, err := strconv.ParseInt(at, 10, 64)
	return err == nil && last == to && now.Sub(time.UnixMilli(milliseconds)) < announceEvery
}
