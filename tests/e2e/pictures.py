"""A real stored picture, so that pages in a browser have something to show."""

import io

from PIL import Image

from reviewapp.services.images import store_image


def stored_picture(colour=(180, 90, 40), size=(320, 240)):
    data = io.BytesIO()
    Image.new("RGB", size, colour).save(data, "JPEG")
    return store_image(data=data.getvalue())
