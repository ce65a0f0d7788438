package inbound

import (
	"strings"

	"dangol/shared/conversation"
)

// Written is what somebody wrote into a mail, without the mail that they answer and without their signature. Nothing
// that stands behind an answer is kept; answers between quoted lines are.
func Written(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i := range lines {
		if begins(lines, i) || i > 0 && isSignature(lines[i]) {
			lines = lines[:i]
			break
		}
	}
	var kept []string
	for _, line := range lines {
		if !strings.HasPrefix(strings.TrimSpace(line), ">") {
			kept = append(kept, strings.TrimRight(line, " \t\u00a0"))
		}
	}
	for len(kept) > 0 && (strings.TrimSpace(kept[len(kept)-1]) == "" || isPhone(kept[len(kept)-1])) {
		kept = kept[:len(kept)-1]
	}
	return cut(conversation.Clean(strings.TrimSpace(strings.Join(kept, "\n"))), conversation.MaxText)
}

// begins reports whether the mail that is answered begins at a line.
func begins(lines []string, i int) bool {
	line := strings.TrimSpace(lines[i])
	return divides(line) || attributes(lines, i) || heads(lines, i)
}

// originals are the words with which programs divide an answer from what it answers.
var originals = []string{"original message", "forwarded message", "원본 메일", "원본메일", "원본 메시지", "원본 메세지", "원본 이메일"}

// divides reports whether a line is such a division, or a rule of underscores, which Outlook writes.
func divides(line string) bool {
	if len(line) >= 10 && strings.Trim(line, "_") == "" {
		return true
	}
	lower := strings.ToLower(line)
	for _, words := range originals {
		if strings.HasPrefix(lower, "--") && strings.Contains(lower, words) {
			return true
		}
	}
	return false
}

// attributes reports whether somebody is said to have written what follows: "On … wrote:", "… 님이 작성:". Programs break
// the line where it is long, so up to three are read as one.
func attributes(lines []string, i int) bool {
	first := strings.TrimSpace(lines[i])
	dated := strings.HasPrefix(first, "On ") || strings.HasPrefix(first, "20") &&
		(strings.Contains(first, "년 ") || strings.Count(first, ".") >= 3)
	if !dated {
		return false
	}
	joined := ""
	for _, line := range lines[i:min(i+3, len(lines))] {
		joined += " " + strings.TrimSpace(line)
		if strings.HasSuffix(joined, "wrote:") || strings.HasSuffix(joined, "작성:") || strings.HasSuffix(joined, "작성했습니다:") {
			return true
		}
	}
	return false
}

// heads reports whether a block of headers begins at a line, as Outlook and Korean web mail write it.
func heads(lines []string, i int) bool {
	from := hasLabel(lines[i], "from", "보낸 사람", "보낸사람", "보낸이")
	if !from {
		return false
	}
	more := 0
	for _, line := range lines[i+1 : min(i+6, len(lines))] {
		if hasLabel(line, "sent", "date", "to", "cc", "subject", "보낸 날짜", "보낸날짜", "날짜", "받는 사람", "받는사람",
			"받는이", "참조", "제목") {
			more++
		}
	}
	return more >= 2
}

// hasLabel reports whether a line begins with one of the labels, which may be set in bold.
func hasLabel(line string, labels ...string) bool {
	name, _, ok := strings.Cut(strings.ReplaceAll(line, "*", ""), ":")
	name = strings.ToLower(strings.TrimSpace(name))
	for _, label := range labels {
		if ok && name == label {
			return true
		}
	}
	return false
}

// isSignature is the line that begins a signature (RFC 3676 4.3). Many programs cut the space behind it.
func isSignature(line string) bool { return line == "-- " || line == "--" }

// phones are what telephones and programs add below a mail.
var phones = []string{"sent from my ", "sent from yahoo", "get outlook for ", "sent from mail for ",
	"sent from outlook",
	"나의 iphone에서 보냄", "나의 ipad에서 보냄", "iphone에서 보냄", "galaxy에서 보냄", "삼성 galaxy", "outlook for ",
	"android용 outlook", "ios용 outlook", "네이버 메일 앱에서 보냄", "다음메일 앱에서 보냄"}

// isPhone reports whether a line is an addition of the program.
func isPhone(line string) bool {
	lower := strings.ToLower(strings.TrimSpace(line))
	for _, words := range phones {
		if strings.HasPrefix(lower, words) && len(lower) < 120 {
			return true
		}
	}
	return false
}
