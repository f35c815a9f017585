"""Words beside a number that say what it is, in the languages that shoppers write to us: Presidio calls them context."""

from __future__ import annotations

# Before (or just after) a number: somebody can be reached by it.
REACH = frozenset(
    """
    phone telephone tel tél mobile mob cell cellphone landline call ring text sms whatsapp whats signal telegram number nr reach dial line fax contact
    telefon telefonnummer handy handynummer mobil mobilnummer nummer ruf anrufen rückruf erreichbar festnetz
    téléphone portable appelez appeler numéro
    teléfono telefono móvil celular llámame llamame llamar número
    cellulare chiamami chiamare numero telefoon mobiel bel bellen
    telefonu komórka zadzwoń dzwoń telemóvel telefone liga ligar ringa ring mobilnr puhelin soita puhelinnumero
    telefonum ara numaram volejte telefonní hívjon telefonszám sunați suna τηλέφωνο κινητό
    телефон номер мобильный звоните звони мобільний дзвоніть 전화 전화번호 휴대폰 هاتف رقم جوال फोन नंबर मोबाइल
    """.split()
)
# Before a number: it is a thing's, not a person's.
THING = frozenset(
    """
    order orders invoice bill receipt tracking parcel shipment ticket case ref reference ean gtin upc isbn asin sku mpn imei serial article art item product
    part model model-number version firmware coupon voucher code barcode sticker flight version batch lot zip
    bestellung bestellnummer bestellnr auftrag auftragsnummer rechnung rechnungsnummer artikelnummer artikel seriennummer kundennummer
    commande facture référence réf pedido factura referencia albarán ordine fattura riferimento bestelling factuur zamówienie faktura
    encomenda beställning ordrenummer tilaus sipariş objednávka rendelés comandă заказ заказа артикул 주문 주문번호
    """.split()
)
# Before an address that is spelt out: somebody is written to by it.
WRITE = frozenset(
    """
    mail mailto email e-mail emails address write contact reach send reply at correo escríbeme escribeme adresse courriel écrivez schreib schreiben
    schreiben scrivimi indirizzo mailen adres me i'm is
    """.split()
) - {"at"}
# The same where words are not set apart.
REACH_JOINED = ("電話", "携帯", "手机", "手機", "电话")
THING_JOINED = ("订单", "訂單", "单号", "注文", "型番")
