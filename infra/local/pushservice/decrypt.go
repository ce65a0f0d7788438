package pushservice

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"slices"
)

// errSealed is the error of a body that is not in the format of RFC 8188.
var errSealed = errors.New("push: not a message in aes128gcm")

// Sizes of the header of a message (RFC 8188 2.1): salt, record size, length of the key id, and the
// key id itself, which in web push is the sender's public key.
const (
	saltSize   = 16
	headerSize = saltSize + 4 + 1
	pointSize  = 65
)

// open decrypts a message (RFC 8291 3.4). Messages of web push have one record.
func open(key *ecdh.PrivateKey, auth, sealed []byte) ([]byte, error) {
	if len(sealed) < headerSize+pointSize || sealed[headerSize-1] != pointSize {
		return nil, errSealed
	}
	salt, point := sealed[:saltSize], sealed[headerSize:headerSize+pointSize]
	sender, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return nil, err
	}
	shared, err := key.ECDH(sender)
	if err != nil {
		return nil, err
	}
	// The key is bound to both parties (RFC 8291 3.3), then divided into key and nonce (RFC 8188
	// 2.2 and 2.3).
	info := slices.Concat([]byte("WebPush: info\x00"), key.PublicKey().Bytes(), point)
	input, err := hkdf.Key(sha256.New, shared, auth, string(info), 32)
	if err != nil {
		return nil, err
	}
	secret, err := hkdf.Key(sha256.New, input, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, input, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain, err := gcm.Open(nil, nonce, sealed[headerSize+pointSize:], nil)
	if err != nil {
		return nil, err
	}
	// The last record ends with the delimiter 2 and zeros (RFC 8188 2).
	plain = bytes.TrimRight(plain, "\x00")
	body, ok := bytes.CutSuffix(plain, []byte{2})
	if !ok {
		return nil, errSealed
	}
	return body, nil
}
