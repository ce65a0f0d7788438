package mailreceiver_test

import (
	"fmt"
	"strings"
	"testing"

	"dangol/shared/conversation"
)

// A message has at most so many characters. What stands around a long mail must not make it one that cannot be stored.
func TestALongMailIsTakenAndNoted(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("배송이 아직 안 왔어요. ", conversation.MaxText/10)
	files := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "--x\r\nContent-Type: application/zip\r\nContent-Disposition: attachment; "+
				"filename=\"%s%02d.zip\"\r\n\r\nPK\x03\x04\r\n", strings.Repeat("n", 200), i)
		}
		return b.String()
	}
	parts := func(raw, text string, n int) string {
		return strings.Replace(raw, "text/plain; charset=utf-8\r\n\r\n", "multipart/mixed; boundary=x\r\n\r\n--x\r\n"+
			"Content-Type: text/plain; charset=utf-8\r\n\r\n"+text+"\r\n"+files(n)+"--x--", 1)
	}
	for _, c := range []struct {
		name     string
		mail     func(d *desk) string
		internal bool
		want     string
	}{
		{"of the shopper", func(d *desk) string { return d.mail(bora.Email, "m", long) }, false, "배송이"},
		{"with a file that is not taken", func(d *desk) string { return parts(d.mail(bora.Email, "m", ""), long, 1) }, false,
			"n]"},
		{"with many files that are not taken", func(d *desk) string { return parts(d.mail(bora.Email, "m", ""), "사진", 40) },
			false, ", …]"},
		{"of somebody else", func(d *desk) string { return d.mail("eve@example.com", "m", long) }, true, "Mail from eve"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			if err := d.arrives(t, c.mail(d)); err != nil {
				t.Fatal(err)
			}
			_, log := d.log(t, d.c.ID)
			if len(log) < 2 {
				t.Fatal("the mail is in no message")
			}
			got := log[1]
			if n := len([]rune(got.Text)); got.Internal != c.internal || n > conversation.MaxText ||
				!strings.Contains(got.Text, c.want) {
				t.Errorf("internal %v, %d characters, without %q", got.Internal, n, c.want)
			}
		})
	}
}
