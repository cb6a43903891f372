"""Photos: a multipart upload of JPEG or PNG files that really are such files."""

import hashlib
import io
import re
from email.message import Message
from email.parser import BytesHeaderParser

from PIL import Image, UnidentifiedImageError

from tests.marketplace.shopee.rules import Reading
from tests.marketplace.shopee.shop import IMAGE_HOST
from tests.marketplace.shopee.visit import Level, Refused, Reply, Visit, post

BYTES_MOST = 10 * 1024 * 1024
FILES_MOST = 9
SMALLEST_SIDE = 17
STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
SCENES = {"normal", "desc"}


def upload(visit: Visit) -> Reply:
    """The same photo again gets the same id."""
    parts = _form(visit)
    field = "file" if visit.rules.reads(Reading.FILE) else "image"
    files = [content for name, filename, content in parts if name == field and filename]
    fields = {name: content.decode() for name, filename, content in parts if not filename}
    if not files:
        raise _refused(visit, "image not found")
    if len(files) > FILES_MOST or len(files) != sum(1 for part in parts if part[1]):
        raise _refused(visit, f"send 1 to {FILES_MOST} files in the field {field}")
    if fields.get("scene", "normal") not in SCENES or fields.get("ratio", "1:1") != "1:1":
        raise _refused(visit, "scene or ratio is invalid")
    faults = [_fault(visit, content) for content in files]
    if len(files) == 1 and faults[0] and not visit.rules.image_errors_inside:
        raise _refused(visit, faults[0])
    listed = [
        _entry(visit, number, content, fault)
        for number, (content, fault) in enumerate(zip(files, faults, strict=True))
    ]
    return visit.ok({"image_info": listed[0]["image_info"], "image_info_list": listed})


def _entry(visit: Visit, number: int, content: bytes, fault: str) -> dict[str, object]:
    if fault:
        return {"id": number, "error": "error_param", "message": fault, "image_info": {}}
    return {"id": number, "error": "", "message": "", "image_info": _kept(visit, content)}


def _kept(visit: Visit, content: bytes) -> dict[str, object]:
    digest = hashlib.sha256(content).hexdigest()
    image = f"id-11134207-{digest[:5]}-{digest[5:21]}"
    visit.state.run(
        "INSERT INTO image (id, digest) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET uploads = uploads + 1",
        image,
        digest,
    )
    url = {"image_url_region": "ID", "image_url": f"{IMAGE_HOST}{image}"}
    return {"image_id": image, "image_url_list": [url]}


def _fault(visit: Visit, content: bytes) -> str:
    if len(content) > BYTES_MOST:
        return "image size exceeds 10 MB"
    if not content.startswith(STARTS):
        return "image is invalid or not supported"
    if visit.rules.image_check == "decode" and not _opens(content):
        return "image is invalid or not supported"
    return ""


def _opens(content: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            return image.format in {"JPEG", "PNG"} and min(image.size) >= SMALLEST_SIDE
    except (UnidentifiedImageError, OSError, ValueError):
        return False


def _form(visit: Visit) -> list[tuple[str, str, bytes]]:
    """Name, file name and content of every part."""
    head = Message()
    head["Content-Type"] = visit.media_type
    boundary = head.get_boundary()
    if head.get_content_type() != "multipart/form-data" or boundary is None:
        raise _refused(visit, "image not found")
    marks = b"\r\n--" + boundary.encode()
    *parts, end = (b"\r\n" + visit.body).split(marks)
    if not parts or not end.startswith(b"--"):
        raise _refused(visit, "image not found")
    return [_part(part) for part in parts[1:]]


def _part(part: bytes) -> tuple[str, str, bytes]:
    head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    disposition = BytesHeaderParser().parsebytes(head + b"\r\n\r\n").get("Content-Disposition", "")
    return _named("name", disposition), _named("filename", disposition), content


def _named(name: str, disposition: str) -> str:
    found = re.search(rf'[; ]{name}="?([^";]*)"?', disposition)
    return "" if found is None else found[1]


def _refused(visit: Visit, message: str) -> Refused:
    return visit.refusal("error_param", message)


ENDPOINTS = (post("media_space/upload_image", upload, level=Level.UPLOAD),)
