package picture

import (
	"encoding/binary"
	"slices"

	"dangol/shared/platform/problem"
)

// containers are the boxes of an MP4 or QuickTime file in which metadata boxes can lie (ISO/IEC 14496-12).
var containers = []string{"moov", "trak", "mdia", "minf", "moof", "traf", "edts", "dinf", "stbl"}

// metadata are the boxes that can name place, device or person. A "free" box is skipped by every player.
var metadata = []string{"udta", "meta", "uuid", "XMP_", "loci"}

// Video checks that an upload is an MP4 or QuickTime file from its first box to its last and returns it with its
// metadata boxes blanked; the size stays the same, so that no offset in it changes. Errors: 422 video_too_large,
// not_a_video.
func Video(upload []byte) ([]byte, error) {
	if len(upload) > MaxVideoBytes {
		return nil, problem.New(422, "video_too_large", "A video has at most %d bytes.", MaxVideoBytes)
	}
	// Both formats begin with the box ftyp.
	if len(upload) < 12 || string(upload[4:8]) != "ftyp" {
		return nil, notAVideo()
	}
	out := slices.Clone(upload)
	found := map[string]bool{}
	if !blank(out, found, 0) || !found["moov"] || !found["mdat"] {
		return nil, notAVideo()
	}
	return out, nil
}

// notAVideo is the answer for an upload that is no video.
func notAVideo() error {
	return problem.New(422, "not_a_video", "The upload is not an MP4 or QuickTime video.")
}

// maxDepth bounds how deep boxes lie in boxes.
const maxDepth = 8

// blank walks the boxes of b, which must fill it exactly, and blanks the metadata ones. It reports whether b is well
// formed.
func blank(b []byte, found map[string]bool, depth int) bool {
	for len(b) > 0 {
		head, size, ok := boxSize(b)
		if !ok || depth > maxDepth {
			return false
		}
		kind := string(b[4:8])
		found[kind] = true
		switch {
		case slices.Contains(metadata, kind):
			// The box keeps its length: the tables of a video hold absolute offsets.
			copy(b[4:8], "free")
			clear(b[head:size])
		case slices.Contains(containers, kind):
			if !blank(b[head:size], found, depth+1) {
				return false
			}
		}
		b = b[size:]
	}
	return true
}

// boxSize reads the length of the header and of the whole box at the start of b.
func boxSize(b []byte) (head, size int, ok bool) {
	if len(b) < 8 {
		return 0, 0, false
	}
	head = 8
	length := uint64(binary.BigEndian.Uint32(b))
	switch length {
	case 0: // to the end
		length = uint64(len(b))
	case 1:
		if len(b) < 16 {
			return 0, 0, false
		}
		head, length = 16, binary.BigEndian.Uint64(b[8:])
	}
	if length < uint64(head) || length > uint64(len(b)) {
		return 0, 0, false
	}
	return head, int(length), true
}
