package picture

import (
	"bytes"
	"encoding/binary"
)

// orientation reads the EXIF orientation of a JPEG; 1 when there is none or it cannot be read.
func orientation(file []byte) int {
	tiff := exifOf(file)
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if tiff[0] == 'M' {
		order = binary.BigEndian
	}
	at := int(order.Uint32(tiff[4:]))
	if at < 8 || at+2 > len(tiff) {
		return 1
	}
	const entry, orientationTag = 12, 0x0112
	// A directory with entries of 12 bytes (TIFF 6.0).
	for i := range int(order.Uint16(tiff[at:])) {
		e := at + 2 + i*entry
		if e+entry > len(tiff) {
			return 1
		}
		if order.Uint16(tiff[e:]) == orientationTag {
			return int(order.Uint16(tiff[e+8:]))
		}
	}
	return 1
}

// exifOf finds the TIFF block of the APP1 segment of a JPEG, nil when there is none.
func exifOf(file []byte) []byte {
	const header = "Exif\x00\x00"
	if len(file) < 4 || file[0] != 0xff || file[1] != 0xd8 {
		return nil
	}
	// The segments before the picture data, which 0xda begins.
	for at := 2; at+4 <= len(file) && file[at] == 0xff && file[at+1] != 0xda; {
		size := int(binary.BigEndian.Uint16(file[at+2:]))
		if size < 2 || at+2+size > len(file) {
			return nil
		}
		body := file[at+4 : at+2+size]
		if file[at+1] == 0xe1 && bytes.HasPrefix(body, []byte(header)) {
			return body[len(header):]
		}
		at += 2 + size
	}
	return nil
}
