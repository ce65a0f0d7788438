package outreach_test

import (
	"net/http"
	"testing"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/outreach/contact"
	"dangol/shared/platform/table"
)

func TestABouncedAddressIsWrittenToAgainAndAComplaintStays(t *testing.T) {
	t.Parallel()
	for why, want := range map[compliance.Suppression]int{
		compliance.NotSuppressed: http.StatusNoContent, compliance.HardBounce: http.StatusNoContent,
		compliance.ByOperator: http.StatusNoContent, compliance.Complaint: http.StatusConflict,
		compliance.Erased: http.StatusConflict,
	} {
		b := newBench(t)
		b.agree()
		_, err := b.service.Contacts.Change(t.Context(), reader, b.clock.Now(),
			func(c *contact.Contact) ([]table.Write, bool, error) {
				for i := range 5 {
					c.SoftBounces = append(c.SoftBounces, b.clock.Now().Add(-time.Duration(i)*24*time.Hour))
				}
				if why != compliance.NotSuppressed {
					c.Suppress(compliance.Email, why)
				}
				return nil, false, nil
			})
		if err != nil {
			t.Fatal(err)
		}
		b.merchant.Do("POST", "/outreach/contacts/lift", map[string]string{"email": reader}).Want(want)
		c := b.contact(reader)
		if lifted := c.Suppression[compliance.Email] == compliance.NotSuppressed; lifted != (want == http.StatusNoContent) ||
			c.Consent[compliance.Email].Answer != compliance.Given {
			t.Errorf("%q: %+v", why, c)
		}
	}
	b := newBench(t)
	b.merchant.Do("POST", "/outreach/contacts/lift", map[string]string{"email": reader}).
		WantProblem(404, "contact_not_found")
	b.guest.Do("POST", "/outreach/contacts/lift", map[string]string{"email": reader}).Want(http.StatusUnauthorized)
}
