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

// A photo is all that some mails have, also those that come when the conversation cannot be opened any more.
func TestFilesGoIntoTheConversationThatGoesOnAfterAnOldOne(t *testing.T) {
	t.Parallel()
	d := open(t)
	if _, err := d.Chat.Close(t.Context(), bora, d.c.ID); err != nil {
		t.Fatal(err)
	}
	d.clock.Advance(conversation.ReopenWindow)
	raw := strings.Replace(d.mail(bora.Email, "m-1", ""), "text/plain; charset=utf-8", "multipart/mixed; boundary=m", 1) +
		"--m\r\nContent-Type: image/png; name=a.png\r\nContent-Disposition: attachment; filename=a.png\r\n\r\n" +
		"\x89PNG\r\n\x1a\n" + strings.Repeat("x", 40) + "\r\n--m--\r\n"
	for range 2 {
		if err := d.arrives(t, raw); err != nil {
			t.Fatal(err)
		}
	}
	all, err := d.Chat.Of(t.Context(), bora.ID)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d conversations, %v", len(all), err)
	}
	next := all[0].ID
	if next == d.c.ID {
		next = all[1].ID
	}
	_, log := d.log(t, next)
	if len(log) == 0 || len(log[0].Attachments) != 1 {
		t.Fatalf("log %+v", log)
	}
	if key := log[0].Attachments[0].Key; len(d.s3.objects["files/"+key]) == 0 || len(d.s3.objects) != 1 {
		t.Errorf("%s is not among %d objects", key, len(d.s3.objects))
	}
}
