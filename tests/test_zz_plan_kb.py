import io, time, resource
from PIL import Image
from hub.actions.knowledge.pictures import PictureShelf
from hub.model.people import HUB
from tests.fakes.portal import a_house
async def test_plan(database_dsn):
    async with a_house(database_dsn) as house:
        shelf = PictureShelf(house.ctx)
        for mode in ("RGBA", "RGB", "P"):
            o = io.BytesIO(); Image.new(mode, (6300, 6300)).save(o, "PNG")
            t = time.time(); m = await shelf.add(o.getvalue(), filename="x.png", actor=HUB); print(mode, m, round(time.time()-t,2))
            print("children maxrss MB", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss/1024)
